import { createVirtualClock } from '@coracle/client/testing';
import { expect } from 'chai';
import { podInfo } from '../cache/pod-info.ts';
import { action } from '../framework/cluster-event.ts';
import type { Plugin } from '../framework/plugin.ts';
import { unresolvable } from '../framework/status.ts';
import { pod, type PodWish } from '../testing/index.ts';
import { SchedulingQueue } from './scheduling-queue.ts';

function setUp() {
  const clock = createVirtualClock();
  let isGated = false;
  const plugins: readonly Plugin[] = [
    {
      name: 'Fit',
      hints: [
        { resource: 'Node', actions: action.add, helps: (_, __, current) => current?.metadata?.name !== 'useless' },
        { resource: 'TargetPod', actions: action.updatePodLabel },
      ],
    },
    { name: 'Gate', preEnqueue: () => (isGated ? unresolvable('Gate', 'closed') : undefined) },
  ];
  let ready = 0;
  const queue = new SchedulingQueue({ clock, plugins, onReady: () => ready++ });
  const info = (name: string, wish: PodWish = {}) => podInfo(pod({ name, ...wish }));
  const pop = () => queue.pop()?.info.name;
  const popAndPark = () => {
    const queued = queue.pop();
    if (queued) queue.park(queued, new Set(['Fit']));
    return queued;
  };
  const addNode = (name = 'n') =>
    queue.moveFor({ resource: 'Node', actions: action.add, current: { metadata: { name } } });
  const close = (value: boolean) => {
    isGated = value;
  };
  return { clock, queue, info, pop, popAndPark, addNode, close, readyCalls: () => ready };
}

describe('scheduling queue', () => {
  it('hands out by priority, then in order', () => {
    const { queue, info, pop } = setUp();
    for (const [name, priority] of [
      ['a', 0],
      ['b', 5],
      ['c', 0],
      ['d', 5],
    ] as const)
      queue.add(info(name, { priority }));
    expect([pop(), pop(), pop(), pop(), pop()]).to.deep.equal(['b', 'd', 'a', 'c', undefined]);
  });

  it('keeps a parked pod until an event that helps', () => {
    const { queue, info, pop, popAndPark, addNode } = setUp();
    queue.add(info('a'));
    popAndPark();
    addNode('useless');
    queue.moveFor({ resource: 'Namespace', actions: action.add });
    expect(pop()).to.equal(undefined);
    addNode();
    expect(pop()).to.equal('a');
  });

  it('tries pods that back off only when nothing is active', () => {
    const { queue, info, pop, popAndPark, addNode } = setUp();
    queue.add(info('a', { priority: 9 }));
    popAndPark();
    addNode();
    queue.add(info('b'));
    expect([pop(), pop()]).to.deep.equal(['b', 'a']);
  });

  it('waits after an error, twice as long each time, up to ten seconds', async () => {
    const { clock, queue, info } = setUp();
    queue.add(info('a'));
    const waits: number[] = [];
    for (let time = 0; time < 6; time++) {
      const queued = queue.pop();
      if (!queued) throw new Error('nothing to pop');
      queue.backOff(queued);
      const start = clock.monotonic();
      while (!queue.isReady) await clock.advance(500);
      waits.push(clock.monotonic() - start);
    }
    expect(waits).to.deep.equal([1000, 2000, 4000, 8000, 10_000, 10_000]);
  });

  it('tries a parked pod again after five minutes, whatever happens', async () => {
    const { clock, queue, info, pop, popAndPark } = setUp();
    queue.add(info('a'));
    popAndPark();
    await clock.advance(299_000);
    expect(pop()).to.equal(undefined);
    await clock.advance(300_000);
    expect(pop()).to.equal('a');
    expect(clock.pendingTimers).to.equal(0);
  });

  it('lets a change of the pod itself bring it back where it matters', () => {
    const { queue, info, pop, popAndPark } = setUp();
    queue.add(info('a'));
    popAndPark();
    queue.update(info('a'), { resource: 'TargetPod', actions: action.update });
    expect(pop()).to.equal(undefined);
    queue.update(info('a'), { resource: 'TargetPod', actions: action.updatePodLabel });
    expect(pop()).to.equal('a');
  });

  it('keeps gated pods out until the gate opens', () => {
    const { queue, info, pop, close } = setUp();
    close(true);
    queue.add(info('a'));
    queue.activate(['default/a']);
    expect(pop()).to.equal(undefined);
    close(false);
    queue.activate(['default/a']);
    expect(pop()).to.equal('a');
  });

  it('forgets deleted pods in every state', async () => {
    const { clock, queue, info, popAndPark } = setUp();
    queue.add(info('parked'));
    popAndPark();
    queue.add(info('failed'));
    const failed = queue.pop();
    if (failed) queue.backOff(failed);
    queue.add(info('active'));
    for (const name of ['parked', 'failed', 'active']) queue.delete(`uid-of-${name}`);
    expect(queue.size).to.equal(0);
    await clock.advance(600_000);
    expect(queue.isReady).to.equal(false);
  });
});
