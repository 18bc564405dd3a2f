import { Writable } from 'node:stream';
import { expect } from 'chai';
import type { WatchFrame } from './api-request.ts';
import { type NodeResponse, writeResponse } from './write-response.ts';

/** As much of a response as is asked for here; notes what is written. */
function responseTo(written: string[]): NodeResponse {
  const out = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  return Object.assign(out, { flushHeaders() {}, setHeader() {}, getHeader() {} }) as unknown as NodeResponse;
}

describe('answers', () => {
  const { signal } = new AbortController();

  it('reach the writer before the watchers are told', async () => {
    const written: string[] = [];
    const frame: WatchFrame = { bytes: Buffer.from('event'), value: () => ({ type: 'ADDED', object: {} }) };
    const frames = (async function* () {
      yield [frame];
    })();
    const watching = writeResponse(
      { status: 200, body: { type: 'watch', frames, ended: signal } },
      responseTo(written),
      '',
      signal,
    );
    for (let step = 0; step < 50; step++) await Promise.resolve();
    await writeResponse(
      { status: 200, body: { type: 'bytes', chunks: [Buffer.from('answer')] } },
      responseTo(written),
      '',
      signal,
    );
    await watching;
    expect(written).to.deep.equal(['answer', 'event']);
  });
});
