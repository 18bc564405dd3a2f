import { expect } from 'chai';
import { createVirtualClock } from '@coracle/client/testing';
import type { WatchFrame } from '../http/api-request.ts';
import { type StoreEvent, WatcherTooSlowError } from '../storage/object-store/object-store.ts';
import { type FrameSource, FrameStream } from './frame-stream.ts';

const bookmark: StoreEvent = { type: 'BOOKMARK', revision: 1, initialEventsEnd: false };
const frame = (type: string): WatchFrame => ({ bytes: Buffer.from(type), value: () => ({ type, object: {} }) });

describe('frames of a watch', () => {
  const clock = createVirtualClock();
  let ended: AbortSignal | undefined;

  function streamOf(events: () => AsyncGenerator<readonly StoreEvent[]>, other: Partial<FrameSource> = {}) {
    return new FrameStream({
      watch: (signal) => {
        ended = signal;
        return events();
      },
      framesOf: (all) => all.map(({ type }) => frame(type)),
      errorFrame: (error) => frame(`ERROR ${(error as Error).message}`),
      client: new AbortController().signal,
      ending: new AbortController(),
      clock,
      limitMs: 1000,
      ...other,
    });
  }
  async function read(stream: FrameStream): Promise<string[]> {
    const seen: string[] = [];
    for await (const frames of stream) seen.push(...frames.map(({ bytes }) => String(bytes)));
    return seen;
  }
  const once = async function* () {
    yield [bookmark];
  };
  const fails = (error: Error) =>
    async function* () {
      yield [bookmark];
      throw error;
    };

  afterEach(() => {
    expect(ended?.aborted, 'the store is told').to.equal(true);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('end with the watch', async () => expect(await read(streamOf(once))).to.deep.equal(['BOOKMARK']));

  it('say why the watch broke, once', async () =>
    expect(await read(streamOf(fails(new Error('gone'))))).to.deep.equal(['BOOKMARK', 'ERROR gone']));

  it('end quietly for a watcher that was too slow', async () =>
    expect(await read(streamOf(fails(new WatcherTooSlowError('late'))))).to.deep.equal(['BOOKMARK']));

  it('say what went wrong in asking for something first', async () => {
    const framesOf = () => Promise.reject(new Error('no webhook'));
    expect(await read(streamOf(once, { framesOf }))).to.deep.equal(['ERROR no webhook']);
  });

  it('end when the reader leaves', async () => {
    for await (const _frames of streamOf(once)) break;
  });

  it('tell the store when the time is over', async () => {
    const stream = streamOf(once);
    await stream.next();
    await clock.advance(1000);
    await stream.next();
  });
});
