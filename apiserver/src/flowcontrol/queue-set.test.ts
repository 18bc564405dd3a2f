import { expect } from 'chai';
import { createVirtualClock } from '@coracle/client/testing';
import type { RequestContext } from '../filters/filter.ts';
import { FlowCounts } from './flow-counts.ts';
import { type Queuing, QueueSet } from './queue-set.ts';
import { SeatRequest } from './seat-request.ts';
import { silentObserver } from './testing/index.ts';
import type { WorkEstimate } from './work.ts';

const oneSeat: WorkEstimate = { initialSeats: 1, finalSeats: 0, additionalLatencyMs: 0 };

/** A level with its clock; a flow is known by the queues it may use. */
function levelOf(queuing: Queuing, limit: number) {
  const clock = createVirtualClock();
  const set = new QueueSet(clock, queuing);
  set.configure(queuing, limit);
  const counts = new FlowCounts('s', silentObserver);
  const send = (hand: readonly number[], work: Partial<WorkEstimate> = {}) => {
    const request = new SeatRequest(counts, '', { ...oneSeat, ...work }, clock.monotonic(), {} as RequestContext);
    set.start(request, hand);
    return request;
  };
  return { clock, set, counts, send };
}

const queues = (queueLengthLimit: number) => ({ queues: 8, handSize: 2, queueLengthLimit });
const states = (requests: readonly SeatRequest[]) => requests.map(({ state }) => state);

describe('a level', () => {
  it('without queues turns away whom it has no seat for', () => {
    const { send } = levelOf('none', 2);
    expect(states([send([]), send([]), send([])])).to.deep.equal(['executing', 'executing', 'rejected']);
  });

  it('that is exempt has a seat for everybody, and counts', () => {
    const { send, set } = levelOf('exempt', 0);
    expect(states([send([]), send([])])).to.deep.equal(['executing', 'executing']);
    expect(set.counts.seatsInUse).to.equal(2);
  });

  it('turns away who finds the queues full', () => {
    const { send, counts } = levelOf(queues(1), 1);
    const requests = [send([0]), send([0]), send([0]), send([1])];
    expect(states(requests)).to.deep.equal(['executing', 'waiting', 'rejected', 'waiting']);
    expect(requests[2]?.reason).to.equal('queue-full');
    expect(counts).to.include({ executingRequests: 1, inQueueRequests: 2 });
  });

  it('lets flows take turns, however much one of them sends', async () => {
    const { send, set, clock } = levelOf(queues(50), 1);
    const order: string[] = [];
    const first = send([0]);
    const wait = (name: string, queue: number) => {
      const request = send([queue]);
      request.decided = () => order.push(name);
      return request;
    };
    const waiting = [wait('loud', 0), wait('loud', 0), wait('loud', 0), wait('quiet', 1)];
    await clock.advance(100);
    set.finish(first);
    for (let turn = 0; turn < 4; turn++) {
      await clock.advance(100);
      const running = waiting.find(({ state }) => state === 'executing');
      if (running !== undefined) set.finish(running);
    }
    expect(order).to.deep.equal(['quiet', 'loud', 'loud', 'loud']);
    expect(set.isIdle).to.equal(true);
    expect(set.queues.size).to.equal(0);
  });

  it('puts a flow into the queue of its hand with the least work', () => {
    const { send } = levelOf(queues(50), 1);
    const used = [send([0, 1]), send([0, 1]), send([0, 1]), send([0, 1])].map(({ queue }) => queue?.index);
    expect(used.slice(1)).to.deep.equal([1, 0, 1]);
  });

  it('lets a wide request wait for its seats, and nobody of its queue past it', () => {
    const { send, set } = levelOf(queues(50), 4);
    const [first, second] = [send([0]), send([1])];
    const wide = send([2], { initialSeats: 3 });
    const narrow = send([2]);
    expect(states([wide, narrow])).to.deep.equal(['waiting', 'waiting']);
    set.finish(first);
    expect(states([wide, narrow])).to.deep.equal(['executing', 'waiting']);
    set.finish(second);
    expect(narrow.state).to.equal('executing');
  });

  it('runs who is wider than the level when nothing else runs', () => {
    const { send, set } = levelOf(queues(50), 2);
    const first = send([0]);
    const wide = send([1], { initialSeats: 9 });
    expect(wide.state).to.equal('waiting');
    set.finish(first);
    expect(wide.state).to.equal('executing');
  });

  it('keeps the seats of a write until its events are told', async () => {
    const { send, set, clock } = levelOf(queues(50), 2);
    const write = send([0], { finalSeats: 2, additionalLatencyMs: 10 });
    set.finish(write);
    const next = send([1]);
    await clock.advance(9);
    expect(next.state).to.equal('waiting');
    await clock.advance(1);
    expect(next.state).to.equal('executing');
    set.finish(next);
    expect(set.counts).to.include({ seatsInUse: 0, seatsWaiting: 0, executing: 0, waiting: 0 });
  });

  it('forgets who stops waiting, and lets those behind go on', () => {
    const { send, set, counts } = levelOf(queues(50), 2);
    const first = send([0]);
    const wide = send([1], { initialSeats: 2 });
    const narrow = send([1]);
    set.cancel(wide);
    expect(states([wide, narrow])).to.deep.equal(['rejected', 'executing']);
    expect(counts.rejected['time-out']).to.equal(1);
    set.finish(first);
    set.finish(narrow);
    set.finish(narrow);
    expect(set.counts).to.include({ seatsInUse: 0, seatsWaiting: 0, executing: 0, waiting: 0 });
  });

  it('lets those in its queues go on when it gets more seats, or no queues any more', () => {
    const { send, set } = levelOf(queues(50), 1);
    const requests = [send([0]), send([0]), send([1])];
    set.configure(queues(50), 2);
    set.configure('none', 3);
    expect(states(requests)).to.deep.equal(['executing', 'executing', 'executing']);
    for (const request of requests) set.finish(request);
    expect(set.queues.size).to.equal(0);
  });

  it('is fair in seats and time: short requests of one flow, long ones of another', async () => {
    const { send, set, clock } = levelOf(queues(50), 1);
    const used = [0, 0];
    const lengths = [10, 40];
    const run = (flow: 0 | 1) => {
      const request = send([flow]);
      const begin = () => {
        run(flow);
        used[flow] = (used[flow] as number) + (lengths[flow] as number);
        clock.after(lengths[flow] as number, () => set.finish(request));
      };
      if (request.state === 'executing') begin();
      else request.decided = begin;
    };
    run(0);
    run(1);
    await clock.advance(4000);
    const [short = 0, long = 0] = used;
    expect(short / (short + long)).to.be.within(0.45, 0.55);
  });
});
