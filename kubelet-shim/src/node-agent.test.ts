import type { Running } from '@coracle/apimachinery/component';
import type { Lease } from '@coracle/apimachinery/types/coordination-v1';
import type { Node, Pod } from '@coracle/apimachinery/types/core-v1';
import { createClient } from '@coracle/client/rest';
import { createMemoryApi, testEnvironment } from '@coracle/client/testing';
import { expect } from 'chai';
import { startNodeAgent } from './node-agent.ts';
import { runningHoldMs } from './pods/status-hold.ts';
import {
  type ContainerRuntime,
  createHollowRuntime,
  hollowExitAfterAnnotation,
  hollowExitCodeAnnotation,
} from './runtime/index.ts';
import { podOf } from './testing/index.ts';

/** One node that only pretends, over an API in memory, in time that the test moves. */
async function startNode(isMissing?: (image: string) => boolean) {
  const environment = testEnvironment();
  const api = createMemoryApi();
  const runtime = createHollowRuntime(environment, isMissing ? { isMissing } : {});
  const start = (over: ContainerRuntime = runtime): Promise<Running> => {
    const resources = { cpu: '2', memory: '4Gi', pods: '10' };
    const client = createClient(api.transport, { clock: environment.clock });
    return startNodeAgent(
      { ...environment, client, transport: api.transport },
      {
        nodeName: 'node-a',
        labels: { zone: 'a' },
        taints: [],
        addresses: [{ type: 'InternalIP', address: '192.0.2.1' }],
        capacity: resources,
        allocatable: resources,
        kubeletVersion: 'v1.37.2',
        runtime: over,
        rootDirectory: '',
        logsDirectory: '',
        cgroupParent: '/',
        cgroup: 'v2',
        dns: { servers: [], searches: [], clusterDomain: 'cluster.local' },
      },
    );
  };
  const agent = await start();
  const settle = async () => {
    for (let turn = 0; turn < 10; turn++) await environment.clock.settle();
  };
  return {
    api,
    clock: environment.clock,
    runtime,
    agent,
    start,
    settle,
    pod: (name = 'p') => api.get<Pod>('pods', name, 'ns'),
    async put(pod: Pod) {
      api.put('pods', pod);
      await settle();
    },
  };
}

const web = { name: 'web', image: 'web:1' };

describe('the node agent on a hollow node', () => {
  it('registers the node and keeps its lease', async () => {
    const { api, clock, agent } = await startNode();
    const node = api.get<Node>('nodes', 'node-a');
    expect(node?.metadata?.labels).to.include({
      zone: 'a',
      'kubernetes.io/hostname': 'node-a',
      'kubernetes.io/os': 'linux',
    });
    expect(node?.status?.conditions?.map(({ type, status }) => `${type} ${status}`)).to.deep.equal([
      'MemoryPressure False',
      'DiskPressure False',
      'PIDPressure False',
      'Ready True',
    ]);
    const renewTime = () => api.get<Lease>('leases.coordination.k8s.io', 'node-a', 'kube-node-lease')?.spec?.renewTime;
    const before = renewTime();
    await clock.advance(11_000);
    expect(renewTime()).to.not.equal(before);
    await agent.stop();
  });

  it('runs a pod that is bound to it, and no other', async () => {
    const node = await startNode();
    await node.put(podOf({ containers: [web] }));
    await node.put(podOf({ nodeName: 'node-b', containers: [web] }, { name: 'q', uid: 'u-2' }));
    expect(node.pod()?.status).to.include({ phase: 'Running', hostIP: '192.0.2.1', podIP: '10.244.0.1' });
    expect(node.pod('q')?.status).to.equal(undefined);
    await node.agent.stop();
  });

  it('restarts a container that crashes with growing delays', async () => {
    const node = await startNode();
    const annotations = { [hollowExitAfterAnnotation]: '1000', [hollowExitCodeAnnotation]: '1' };
    await node.put(podOf({ containers: [web] }, { annotations }));
    const restarts: number[] = [];
    for (const seconds of [1, 1, 9, 1, 19]) {
      await node.clock.advance(seconds * 1000);
      await node.settle();
      restarts.push(node.pod()?.status?.containerStatuses?.[0]?.restartCount ?? -1);
    }
    expect(restarts).to.deep.equal([1, 1, 1, 2, 2]);
    expect(node.pod()?.status?.containerStatuses?.[0]?.state?.waiting?.reason).to.equal('CrashLoopBackOff');
    await node.agent.stop();
  });

  it('lets a pod that may not restart end, and forgets nothing of it until it is deleted', async () => {
    const node = await startNode();
    const annotations = { [hollowExitAfterAnnotation]: '1000' };
    await node.put(podOf({ containers: [web], restartPolicy: 'Never' }, { annotations }));
    await node.clock.advance(1000);
    await node.settle();
    expect(node.pod()?.status).to.include({ phase: 'Succeeded' });
    expect(await node.runtime.listContainers()).to.have.length(1);
    await node.put({
      ...(node.pod() as Pod),
      metadata: { ...node.pod()?.metadata, deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['f'] },
    });
    expect(await node.runtime.listSandboxes()).to.deep.equal([]);
    await node.agent.stop();
  });

  it('reports a pod that may end as Running when it has run for a moment, and not if it has ended by then', async () => {
    const node = await startNode();
    const annotations = { [hollowExitAfterAnnotation]: String(runningHoldMs - 50) };
    await node.put(podOf({ containers: [web], restartPolicy: 'Never' }, { annotations }));
    await node.put(podOf({ containers: [web], restartPolicy: 'Never' }, { name: 'lasting', uid: 'u-2' }));
    expect([node.pod()?.status?.phase, node.pod('lasting')?.status?.phase]).to.not.include('Running');
    await node.clock.advance(runningHoldMs);
    await node.settle();
    expect(node.pod()?.status).to.include({ phase: 'Succeeded' });
    expect(node.pod('lasting')?.status).to.include({ phase: 'Running', podIP: '10.244.0.2' });
    await node.agent.stop();
  });

  it('fails a pod that is out of time', async () => {
    const node = await startNode();
    await node.put(podOf({ containers: [web], activeDeadlineSeconds: 60 }));
    await node.clock.advance(61_000);
    await node.settle();
    expect(node.pod()?.status).to.include({ phase: 'Failed', reason: 'DeadlineExceeded' });
    await node.agent.stop();
  });

  it('refuses a pod that does not fit, without running it', async () => {
    const node = await startNode();
    await node.put(podOf({ containers: [{ ...web, resources: { requests: { cpu: '3' } } }] }));
    expect(node.pod()?.status).to.include({ phase: 'Failed', reason: 'OutOfcpu' });
    expect(await node.runtime.listSandboxes()).to.deep.equal([]);
    await node.agent.stop();
  });

  it('backs off from an image that cannot be pulled', async () => {
    const node = await startNode(() => true);
    await node.put(podOf({ containers: [web] }));
    const reason = () => node.pod()?.status?.containerStatuses?.[0]?.state?.waiting?.reason;
    expect(reason()).to.equal('ErrImagePull');
    await node.clock.advance(10_000);
    await node.settle();
    expect(reason()).to.match(/^(ErrImagePull|ImagePullBackOff)$/);
    await node.agent.stop();
  });

  it('ends the containers of a pod that vanishes from the API', async () => {
    const node = await startNode();
    await node.put(podOf({ containers: [web] }));
    node.api.remove('pods', 'p', 'ns');
    await node.settle();
    expect(await node.runtime.listContainers()).to.deep.equal([]);
    await node.agent.stop();
  });

  it('finds its containers again after a restart, and removes those whose pods have gone', async () => {
    const node = await startNode();
    await node.put(podOf({ containers: [web] }));
    await node.put(podOf({ containers: [web] }, { name: 'q', uid: 'u-2' }));
    const before = node.pod()?.status?.containerStatuses?.[0]?.containerID;
    await node.agent.stop();
    node.api.remove('pods', 'q', 'ns');
    const agent = await node.start();
    await node.settle();
    expect(node.pod()?.status?.containerStatuses?.[0]?.containerID).to.equal(before);
    expect((await node.runtime.listContainers()).map(({ labels }) => labels['io.kubernetes.pod.name'])).to.deep.equal([
      'p',
    ]);
    await agent.stop();
  });
});
