import { createVirtualClock } from '@coracle/client/testing';
import { expect } from 'chai';
import { deadlineFilter } from './deadline.ts';
import type { RequestContext } from './filter.ts';

/** The limit that `?timeout=` gives a request. */
async function limitOf(timeout: string): Promise<number | undefined> {
  const request = { query: new URLSearchParams({ timeout }), signal: new AbortController().signal };
  const context = { request, info: { verb: 'list', subresource: '' } } as unknown as RequestContext;
  await deadlineFilter(createVirtualClock())(context, async () => ({
    status: 200,
    headers: {},
    body: { type: 'empty' },
  }));
  return context.timeoutMs;
}

describe('the deadline of a request', () => {
  const rows: [timeout: string, limitMs: number][] = [
    ['1.5s', 1500],
    ['90s', 60_000],
    ['0', 60_000],
    ['-1s', 60_000],
  ];
  for (const [timeout, limitMs] of rows) {
    it(`is ${limitMs} ms with ?timeout=${timeout}`, async () => expect(await limitOf(timeout)).to.equal(limitMs));
  }

  it('is not guessed where the timeout cannot be read', async () => {
    const failure = await limitOf('soon').catch((error: unknown) => error);
    const message = 'invalid timeout specified in the request URL - time: invalid duration "soon"';
    expect(failure).to.deep.include({ code: 400, message });
  });
});
