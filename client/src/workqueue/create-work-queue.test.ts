import { expect } from 'chai';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createWorkQueue } from './create-work-queue.ts';

describe('work queue', () => {
  const make = () => {
    const clock = createVirtualClock();
    return { clock, queue: createWorkQueue({ clock }) };
  };

  it('hands out a key once that was added many times, in the order of first adding', async () => {
    const { queue } = make();
    for (const key of ['b', 'a', 'b', 'b']) queue.add(key);
    expect([await queue.get(), await queue.get()]).to.deep.equal(['b', 'a']);
    expect(queue.length).to.equal(0);
  });

  it('gives a key to one worker at a time, and again when it was added meanwhile', async () => {
    const { queue, clock } = make();
    queue.add('a');
    await queue.get();
    queue.add('a');
    let second: string | undefined;
    void queue.get().then((key) => {
      second = key;
    });
    await clock.settle();
    expect(second).to.equal(undefined);
    queue.done('a');
    await clock.settle();
    expect(second).to.equal('a');
  });

  it('wakes workers in the order in which they came', async () => {
    const { queue } = make();
    const workers = [queue.get(), queue.get()];
    queue.add('first');
    queue.add('second');
    expect(await Promise.all(workers)).to.deep.equal(['first', 'second']);
  });

  it('keeps the earliest of several delays', async () => {
    const { queue, clock } = make();
    queue.addAfter('a', 1000);
    queue.addAfter('a', 100);
    queue.addAfter('a', 500);
    await clock.advance(99);
    expect(queue.length).to.equal(0);
    await clock.advance(1);
    expect(queue.length).to.equal(1);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('doubles the back-off of a key until it is forgotten', async () => {
    const { queue, clock } = make();
    const waits: number[] = [];
    const tryOnce = async () => {
      const start = clock.monotonic();
      queue.addRateLimited('a');
      while (queue.length === 0) await clock.advance(5);
      waits.push(clock.monotonic() - start);
      queue.done((await queue.get()) ?? '');
    };
    for (let time = 0; time < 3; time++) await tryOnce();
    expect(queue.retries('a')).to.equal(3);
    queue.forget('a');
    await tryOnce();
    expect(waits).to.deep.equal([5, 10, 20, 5]);
  });

  it('still hands out what is ready after shutdown, drops what is delayed, takes nothing more', async () => {
    const { queue, clock } = make();
    queue.add('ready');
    queue.addAfter('delayed', 10);
    queue.shutDown();
    queue.add('late');
    expect(await queue.get()).to.equal('ready');
    expect(await queue.get()).to.equal(undefined);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('tells waiting workers of the shutdown', async () => {
    const { queue } = make();
    const worker = queue.get();
    queue.shutDown();
    expect(await worker).to.equal(undefined);
  });
});
