import type { ContainerStatus, Pod, PodStatus } from '@coracle/apimachinery/types/core-v1';
import { expect } from 'chai';
import { container, observed, podOf } from '../testing/index.ts';
import type { ObservedPod } from './observed.ts';
import { podStatus, type StatusInput } from './status.ts';

const web = { name: 'web', image: 'web:1' };
const now = Date.UTC(2026, 0, 1);

function statusOf(pod: Pod, has: ObservedPod, more: Partial<StatusInput> = {}): PodStatus {
  return podStatus({
    pod,
    observed: has,
    previous: {},
    waiting: new Map(),
    startup: () => undefined,
    readiness: () => undefined,
    isOver: false,
    hostIPs: ['192.0.2.1'],
    runtimeName: 'containerd',
    seenAt: now,
    now,
    resources: () => ({}),
    ...more,
  });
}

const conditionsOf = (status: PodStatus) =>
  Object.fromEntries(
    (status.conditions ?? []).map(({ type, status: value, reason }) => [type, reason ? `${value} ${reason}` : value]),
  );

const stateOf = (one: ContainerStatus | undefined) => Object.keys(one?.state ?? {})[0];

describe('podStatus', () => {
  it('of a pod without a sandbox is Pending and says so', () => {
    const status = statusOf(podOf({ containers: [web] }), observed([], []));
    expect(status.phase).to.equal('Pending');
    expect(status.containerStatuses?.[0]?.state).to.deep.equal({ waiting: { reason: 'ContainerCreating' } });
    expect(conditionsOf(status)).to.deep.equal({
      PodReadyToStartContainers: 'False',
      Initialized: 'True',
      Ready: 'False ContainersNotReady',
      ContainersReady: 'False ContainersNotReady',
      PodScheduled: 'True',
    });
    expect(status.startTime).to.equal('2026-01-01T00:00:00Z');
    expect(status.observedGeneration).to.equal(1);
  });

  it('of a running pod has its addresses and is ready', () => {
    const status = statusOf(podOf({ containers: [web] }), observed(['ready'], [container('web running')]));
    expect(status).to.include({ phase: 'Running', podIP: '10.0.0.0', hostIP: '192.0.2.1', qosClass: 'BestEffort' });
    expect(status.containerStatuses?.[0]).to.include({ ready: true, started: true, containerID: 'containerd://web-0' });
    expect(conditionsOf(status)['Ready']).to.equal('True');
  });

  it('waits for the readiness probe, and for the startup probe before it', () => {
    const pod = podOf({ containers: [{ ...web, readinessProbe: {}, startupProbe: {} }] });
    const has = observed(['ready'], [container('web running')]);
    const flags = (more: Partial<StatusInput>) => {
      const { ready, started } = statusOf(pod, has, more).containerStatuses?.[0] ?? {};
      return { ready, started };
    };
    expect(flags({ readiness: () => 'success' })).to.deep.equal({ ready: false, started: false });
    expect(flags({ startup: () => 'success' })).to.deep.equal({ ready: false, started: true });
    expect(flags({ startup: () => 'success', readiness: () => 'success' })).to.deep.equal({
      ready: true,
      started: true,
    });
  });

  it('shows why a container waits, and what it ended with', () => {
    const waiting = new Map([['web', { reason: 'CrashLoopBackOff', message: 'back-off 10s' }]]);
    const status = statusOf(podOf({ containers: [web] }), observed(['ready'], [container('web exited 1')]), {
      waiting,
    });
    const [one] = status.containerStatuses ?? [];
    expect(one?.state).to.deep.equal({ waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } });
    expect(one?.lastState?.terminated).to.include({ exitCode: 1, reason: 'Error' });
    expect(status.phase).to.equal('Running');
  });

  const finished: readonly [string, string, boolean, string][] = [
    ['Never', 'web exited 0', false, 'Succeeded'],
    ['Never', 'web exited 1', false, 'Failed'],
    ['OnFailure', 'web exited 1', false, 'Running'],
    ['Always', 'web exited 0', false, 'Running'],
    ['Always', 'web exited 0', true, 'Succeeded'],
    ['Always', 'web exited 137', true, 'Failed'],
  ];
  for (const [restartPolicy, has, isOver, phase] of finished) {
    it(`${restartPolicy}: ${has}${isOver ? ', and the pod is over' : ''} → ${phase}`, () => {
      const pod = podOf({ containers: [web], restartPolicy });
      expect(statusOf(pod, observed(['ready'], [container(has)]), { isOver }).phase).to.equal(phase);
    });
  }

  it('stays Pending while init containers run, and is Failed when one may not be tried again', () => {
    const init = { name: 'init', image: 'init:1' };
    const pod = podOf({ initContainers: [init], containers: [web], restartPolicy: 'Never' });
    const running = statusOf(pod, observed(['ready'], [container('init running')]));
    expect(running.phase).to.equal('Pending');
    expect(running.containerStatuses?.[0]?.state).to.deep.equal({ waiting: { reason: 'PodInitializing' } });
    expect(conditionsOf(running)['Initialized']).to.equal('False ContainersNotInitialized');
    expect(statusOf(pod, observed(['ready'], [container('init exited 1')])).phase).to.equal('Failed');
  });

  it('never leaves a terminal phase that somebody else has written', () => {
    const pod: Pod = {
      ...podOf({ containers: [web] }),
      status: { phase: 'Failed', reason: 'Evicted', message: 'bye' },
    };
    const status = statusOf(pod, observed(['ready'], [container('web running')]));
    expect(status).to.include({ phase: 'Failed', reason: 'Evicted', message: 'bye' });
  });

  it('keeps the time of a condition whose status has not changed', () => {
    const pod = podOf({ containers: [web] });
    const has = observed(['ready'], [container('web running')]);
    const previous = statusOf(pod, has);
    const later = statusOf(pod, has, { previous, now: now + 60_000 });
    expect(later.conditions).to.deep.equal(previous.conditions);
  });

  it('asks the readiness gates, which others write', () => {
    const pod = podOf({ containers: [web], readinessGates: [{ conditionType: 'lb' }] });
    const has = observed(['ready'], [container('web running')]);
    expect(conditionsOf(statusOf(pod, has))['Ready']).to.equal('False ReadinessGatesNotReady');
    const opened: Pod = { ...pod, status: { conditions: [{ type: 'lb', status: 'True' }] } };
    expect(conditionsOf(statusOf(opened, has))).to.include({ Ready: 'True', lb: 'True' });
  });

  it('says that a change of resources is under way, or waits for room', () => {
    const pod = podOf({ containers: [web] });
    const has = observed(['ready'], [container('web running')]);
    expect(conditionsOf(statusOf(pod, has, { resize: { type: 'PodResizeInProgress' } }))).to.include({
      PodResizeInProgress: 'True',
    });
    const pending = { type: 'PodResizePending', reason: 'Infeasible', message: 'no' } as const;
    expect(conditionsOf(statusOf(pod, has, { resize: pending }))).to.include({ PodResizePending: 'True Infeasible' });
    expect(conditionsOf(statusOf(pod, has))).to.not.have.any.keys('PodResizeInProgress', 'PodResizePending');
  });

  it('infers the end of a container whose record is lost', () => {
    const previous: PodStatus = {
      containerStatuses: [
        {
          name: 'web',
          ready: true,
          restartCount: 2,
          image: 'web:1',
          imageID: '',
          state: { running: {} },
          containerID: 'x',
        },
      ],
    };
    const [one] = statusOf(podOf({ containers: [web] }), observed(['ready'], []), { previous }).containerStatuses ?? [];
    expect(stateOf(one)).to.equal('waiting');
    expect(one?.lastState?.terminated).to.include({ reason: 'ContainerStatusUnknown', exitCode: 137 });
    expect(one?.restartCount).to.equal(3);
  });
});
