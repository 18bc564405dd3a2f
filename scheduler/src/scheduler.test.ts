import { conflict } from '@coracle/apimachinery/errors';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { expect } from 'chai';
import { node, pod, podAntiAffinity, startTestScheduler } from './testing/index.ts';

describe('scheduler', () => {
  it('binds a pod to a node that fits, and says so', async () => {
    await using scheduler = await startTestScheduler([
      node({ name: 'small', cpu: '1' }),
      node({ name: 'big', cpu: '8' }),
    ]);
    expect(await scheduler.schedule(pod({ name: 'a', cpu: '2' }))).to.deep.equal(['big']);
    expect(scheduler.eventsOf('a')).to.deep.equal(['Scheduled: Successfully assigned default/a to big']);
    expect(scheduler.condition('a')?.status).to.equal('True');
  });

  it('finds pods and nodes that were there before it', async () => {
    const waiting = pod({ name: 'waiting', cpu: '3' });
    const running = pod({ name: 'running', cpu: '3', nodeName: 'n1' });
    await using scheduler = await startTestScheduler([node({ name: 'n1' }), node({ name: 'n2' })], [waiting, running]);
    await scheduler.schedule();
    expect(scheduler.nodeOf('waiting')).to.equal('n2');
  });

  it('leaves pods of other schedulers alone', async () => {
    await using scheduler = await startTestScheduler([node()]);
    expect(await scheduler.schedule(pod({ schedulerName: 'fargate-scheduler' }))).to.deep.equal([undefined]);
  });

  it('says of each node why not, in event and condition', async () => {
    const tainted = node({ name: 'tainted', taints: [{ key: 'a', effect: 'NoSchedule' }] });
    await using scheduler = await startTestScheduler([node({ name: 'n1' }), node({ name: 'n2', cpu: '1' }), tainted]);
    await scheduler.schedule(pod({ name: 'a', cpu: '6' }));
    const message =
      '0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu. ' +
      'preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.';
    expect(scheduler.eventsOf('a')).to.deep.equal([`FailedScheduling: ${message}`]);
    expect(scheduler.condition('a')).to.deep.include({ status: 'False', reason: 'Unschedulable', message });
  });

  it('tries a pod again when a node comes that helps, not when one comes that does not', async () => {
    await using scheduler = await startTestScheduler([node({ name: 'n1' })]);
    await scheduler.schedule(pod({ name: 'a', cpu: '6' }));
    scheduler.api.put('nodes', node({ name: 'too-small', cpu: '5' }));
    await scheduler.schedule();
    expect(scheduler.eventsOf('a')).to.have.length(1);
    scheduler.api.put('nodes', node({ name: 'big', cpu: '8' }));
    await scheduler.schedule();
    expect(scheduler.nodeOf('a')).to.equal('big');
  });

  it('waits where there is no node at all', async () => {
    await using scheduler = await startTestScheduler([]);
    await scheduler.schedule(pod({ name: 'a' }));
    expect(scheduler.eventsOf('a')).to.deep.equal(['FailedScheduling: no nodes available to schedule pods']);
    scheduler.api.put('nodes', node({ name: 'n1' }));
    await scheduler.schedule();
    expect(scheduler.nodeOf('a')).to.equal('n1');
  });

  it('gives a freed node to the pod that waits for it', async () => {
    await using scheduler = await startTestScheduler(
      [node({ name: 'n1' })],
      [pod({ name: 'old', cpu: '4', nodeName: 'n1' })],
    );
    await scheduler.schedule(pod({ name: 'new', cpu: '4' }));
    expect(scheduler.nodeOf('new')).to.equal(undefined);
    scheduler.api.remove('pods', 'old', 'default');
    await scheduler.schedule();
    expect(scheduler.nodeOf('new')).to.equal('n1');
  });

  it('counts a pod that has ended no longer', async () => {
    const old = pod({ name: 'old', cpu: '4', nodeName: 'n1' });
    await using scheduler = await startTestScheduler([node({ name: 'n1' })], [old]);
    await scheduler.schedule(pod({ name: 'new', cpu: '4' }));
    scheduler.api.put('pods', { ...old, status: { phase: 'Succeeded' } });
    await scheduler.schedule();
    expect(scheduler.nodeOf('new')).to.equal('n1');
  });

  it('takes the more important pod first', async () => {
    const low = pod({ name: 'low', cpu: '4', priority: 1 });
    const high = pod({ name: 'high', cpu: '4', priority: 2 });
    await using scheduler = await startTestScheduler([node({ name: 'n1' })], [low, high]);
    await scheduler.schedule();
    expect([scheduler.nodeOf('high'), scheduler.nodeOf('low')]).to.deep.equal(['n1', undefined]);
  });

  it('keeps gated pods out until their gates are gone', async () => {
    await using scheduler = await startTestScheduler([node({ name: 'n1' })]);
    const gated = pod({ name: 'a', schedulingGates: [{ name: 'example.com/wait' }] });
    expect(await scheduler.schedule(gated)).to.deep.equal([undefined]);
    expect(scheduler.eventsOf('a')).to.deep.equal([]);
    expect(await scheduler.schedule(pod({ name: 'a' }))).to.deep.equal(['n1']);
  });

  it('counts on a binding before it is confirmed, and takes that back when it fails', async () => {
    await using scheduler = await startTestScheduler([node({ name: 'n1' })]);
    let failures = 1;
    scheduler.api.intercept = ({ path }) => {
      if (path.includes('/a/binding') && failures-- > 0) throw conflict({ group: '', resource: 'pods' }, 'a', 'no');
    };
    await scheduler.schedule(pod({ name: 'a', cpu: '3' }), pod({ name: 'b', cpu: '3' }));
    expect([scheduler.nodeOf('a'), scheduler.nodeOf('b')]).to.deep.equal([undefined, 'n1']);
    expect(scheduler.condition('a')?.reason).to.equal('SchedulerError');
    scheduler.api.remove('pods', 'b', 'default');
    await scheduler.clock.advance(2_000);
    expect(scheduler.nodeOf('a')).to.equal('n1');
  });

  it('forgets a pod that is deleted while it waits', async () => {
    await using scheduler = await startTestScheduler([node({ name: 'n1' })]);
    await scheduler.schedule(pod({ name: 'a', cpu: '6' }));
    scheduler.api.remove('pods', 'a', 'default');
    scheduler.api.put('nodes', node({ name: 'big', cpu: '8' }));
    await scheduler.schedule(pod({ name: 'b', cpu: '8' }));
    expect(scheduler.nodeOf('b')).to.equal('big');
  });

  it('writes the condition once while it stays the same', async () => {
    await using scheduler = await startTestScheduler([node({ name: 'n1' })]);
    await scheduler.schedule(pod({ name: 'a', cpu: '6' }));
    await scheduler.clock.advance(400_000);
    const writes = scheduler.api.requests.filter(
      ({ method, path }) => method === 'PATCH' && path.includes('/a/status'),
    );
    expect(writes).to.have.length(1);
    expect(scheduler.eventsOf('a')).to.have.length(1);
  });

  it('has no timers and asks nothing while there is nothing to do', async () => {
    await using scheduler = await startTestScheduler([node({ name: 'n1' })]);
    await scheduler.schedule(pod());
    const before = scheduler.api.requests.length;
    await scheduler.clock.advance(3_600_000);
    expect(scheduler.clock.pendingTimers).to.equal(0);
    expect(scheduler.api.requests.length).to.equal(before);
  });

  it('spreads many pods by their anti-affinity', async () => {
    const nodes = Array.from({ length: 120 }, (_, index) => node({ name: `n${index}` }));
    await using scheduler = await startTestScheduler(nodes);
    const pods: Pod[] = nodes.map((_, index) =>
      pod({ name: `p${index}`, labels: { app: 'web' }, affinity: podAntiAffinity({ app: 'web' }) }),
    );
    const places = await scheduler.schedule(...pods);
    expect(new Set(places).size).to.equal(120);
    expect(places).not.to.include(undefined);
  });
});

describe('preemption', () => {
  const filler = (name: string, priority: number, more = {}) =>
    pod({ name, cpu: '2', priority, nodeName: 'n1', labels: { app: name }, ...more });

  it('deletes the least important pods that make room, and places the pod when they are gone', async () => {
    const running = [filler('a', 1), filler('b', 5)];
    await using scheduler = await startTestScheduler([node({ name: 'n1' })], running);
    await scheduler.schedule(pod({ name: 'urgent', cpu: '2', priority: 10, uid: 'u1' }));
    expect(scheduler.nodeOf('urgent')).to.equal('n1');
    expect(scheduler.nodeOf('a')).to.equal(undefined);
    expect(scheduler.nodeOf('b')).to.equal('n1');
    expect(scheduler.eventsOf('a')).to.deep.equal(['Preempted: Preempted by pod u1 on node n1']);
    expect(scheduler.eventsOf('urgent')[0]).to.equal(
      'FailedScheduling: 0/1 nodes are available: 1 Insufficient cpu. ' +
        'preemption: found a potential placement for pod on node n1, preempting 1 victims',
    );
  });

  it('nominates the node while its victims end, marks them, and leaves the room to the pod it was made for', async () => {
    const victim = filler('slow', 1, { cpu: '4' });
    const held = { ...victim, metadata: { ...victim.metadata, finalizers: ['example.com/hold'] } };
    await using scheduler = await startTestScheduler([node({ name: 'n1' })], [held]);
    await scheduler.schedule(pod({ name: 'urgent', cpu: '4', priority: 10 }));
    const urgent = scheduler.api.get<Pod>('pods', 'urgent', 'default');
    expect(urgent?.status?.nominatedNodeName).to.equal('n1');
    expect(scheduler.condition('slow', 'DisruptionTarget')).to.deep.include({
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: 'default-scheduler: preempting to accommodate a higher priority pod',
    });
    scheduler.api.put('nodes', node({ name: 'small', cpu: '1' }));
    await scheduler.schedule(pod({ name: 'later', cpu: '4', priority: 5 }));
    expect(scheduler.nodeOf('later')).to.equal(undefined);
    scheduler.api.remove('pods', 'slow', 'default');
    await scheduler.schedule();
    expect([scheduler.nodeOf('urgent'), scheduler.nodeOf('later')]).to.deep.equal(['n1', undefined]);
  });

  it('spares what a disruption budget protects where it can', async () => {
    const nodes = [node({ name: 'n1' }), node({ name: 'n2' })];
    const running = [filler('protected', 1, { cpu: '4' }), filler('free', 2, { cpu: '4', nodeName: 'n2' })];
    await using scheduler = await startTestScheduler(nodes, running);
    scheduler.api.put('poddisruptionbudgets.policy', {
      metadata: { name: 'budget', namespace: 'default' },
      spec: { selector: { matchLabels: { app: 'protected' } } },
      status: { disruptionsAllowed: 0 },
    } as object);
    await scheduler.schedule();
    await scheduler.schedule(pod({ name: 'urgent', cpu: '4', priority: 10 }));
    expect(scheduler.nodeOf('urgent')).to.equal('n2');
    expect(scheduler.nodeOf('protected')).to.equal('n1');
  });

  it('does not preempt where the pod says never', async () => {
    await using scheduler = await startTestScheduler([node({ name: 'n1' })], [filler('a', 1, { cpu: '4' })]);
    await scheduler.schedule(pod({ name: 'polite', cpu: '4', priority: 10, preemptionPolicy: 'Never' }));
    expect(scheduler.nodeOf('a')).to.equal('n1');
    expect(scheduler.eventsOf('polite')[0]).to.contain('preemption: not eligible due to preemptionPolicy=Never.');
  });

  it('says which nodes have nobody to preempt', async () => {
    const nodes = [node({ name: 'n1' }), node({ name: 'n2', cpu: '1' })];
    await using scheduler = await startTestScheduler(nodes, [filler('a', 1, { cpu: '4' })]);
    await scheduler.schedule(pod({ name: 'equal', cpu: '4', priority: 1 }));
    expect(scheduler.eventsOf('equal')[0]).to.equal(
      'FailedScheduling: 0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: ' +
        '1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.',
    );
  });
});
