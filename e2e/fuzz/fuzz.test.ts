import { expect } from 'chai';
import { Choice } from './choice.ts';
import { generate, runCampaign } from './campaign.ts';
import { deserialize, serialize } from './fuzz-request.ts';
import { grownTooFar, reportText } from './report.ts';
import { complaintOf } from './verdict.ts';

const seed = 2;
const requests = 800;

describe('requests that nobody should send', () => {
  it('come to be the same from their seed and number, and again from a file', () => {
    for (let number = 0; number < 200; number++) {
      const request = generate(seed, number);
      expect(generate(seed, number)).to.deep.equal(request);
      expect(deserialize(serialize(request))).to.deep.equal(request);
    }
    expect(new Choice(1, 0).bytes(8)).not.to.deep.equal(new Choice(2, 0).bytes(8));
  });

  it('are judged by their status, and by the reasons upstream has for a 5xx', () => {
    const request = { number: 0, family: 'read', transport: 'http2', method: 'GET', path: '/', headers: {} } as const;
    const complains = (status: number, body: string) => complaintOf(request, { status, body }) !== undefined;
    expect(complains(404, '')).to.equal(false);
    expect(complains(500, 'Internal error occurred: x is not a function')).to.equal(true);
    expect(complains(504, 'Timeout: Too large resource version: 9, current: 1')).to.equal(false);
    expect(complains(0, 'socket hang up')).to.equal(true);
    expect(complaintOf({ ...request, method: 'HEAD' }, { status: 504, body: '' })).to.equal(undefined);
  });

  it(`leave a server process answering, whole and as big as it was: ${requests} of them`, async () => {
    const report = await runCampaign({ seed, count: requests, roundSize: requests / 2 });
    expect(report.failures.map(({ request, complaint }) => [request.number, request.family, complaint])).to.deep.equal(
      [],
    );
    expect(report.requests).to.equal(requests);
    expect(grownTooFar(report), reportText(report)).to.equal(false);
  });
});
