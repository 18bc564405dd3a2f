import { Writable } from 'node:stream';
import { expect } from 'chai';
import type { WatchFrame } from './api-request.ts';
import { writeFrames } from './watch-writer.ts';

const frameOf = (text: string): WatchFrame => ({
  bytes: Buffer.from(text),
  value: () => ({ type: 'ADDED', object: {} }),
});

/** A client that reads, or one that takes so many writes and then nothing; notes what it gets and how the answer ends. */
function output(takes = Number.POSITIVE_INFINITY) {
  const got: string[] = [];
  const body = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _encoding, done) {
      got.push(String(chunk));
      if (got.length < takes) done();
    },
  });
  return { body, got, end: () => void got.push('end'), destroy: () => void got.push('destroy') };
}

describe('the frames of a watch', () => {
  const { signal } = new AbortController();
  let returned: boolean;

  beforeEach(() => (returned = false));

  async function* batches(...all: readonly (readonly string[])[]): AsyncGenerator<readonly WatchFrame[]> {
    try {
      for (const batch of all) yield batch.map(frameOf);
    } finally {
      returned = true;
    }
  }

  it('are written as they come, those that come together as one', async () => {
    const out = output();
    await writeFrames(batches(['a'], ['b', 'c'], [], ['d']), out, signal);
    expect(out.got).to.deep.equal(['a', 'bc', 'd', 'end']);
  });

  it('end the connection where they break', async () => {
    const out = output();
    const broken = (async function* () {
      yield [frameOf('a')];
      throw new Error('broken');
    })();
    await writeFrames(broken, out, signal);
    expect(out.got).to.deep.equal(['a', 'destroy']);
  });

  it('are left when the client goes, also while it takes nothing', async () => {
    const out = output(1);
    const writing = writeFrames(batches(['a'], ['b'], ['c']), out, signal);
    await new Promise((resolve) => setImmediate(resolve));
    expect(out.got).to.deep.equal(['a']);
    out.body.destroy();
    await writing;
    expect(returned).to.equal(true);
    expect(out.got).to.deep.equal(['a']);
  });

  it('wait for no client once the watch is over', async () => {
    const out = output(1);
    const ending = new AbortController();
    const writing = writeFrames(batches(['a'], ['b']), out, ending.signal);
    await new Promise((resolve) => setImmediate(resolve));
    ending.abort();
    await writing;
    expect(returned).to.equal(true);
    expect(out.got).to.deep.equal(['a', 'end']);
  });
});
