import { expect } from 'chai';
import {
  applicationImages,
  containerObstacle,
  eventually,
  loadApplicationImages,
  skipBecause,
  startTestCluster,
  type TestCluster,
  upstreamObstacle,
} from '../support/index.ts';

describe('a small node that runs short', function () {
  let cluster: TestCluster;

  before(async function () {
    skipBecause(this, containerObstacle() ?? upstreamObstacle('kubectl'));
    const flags = ['--node-group', 'name=small,instance-type=t3.micro,count=1,zones=us-east-1a'];
    cluster = await startTestCluster({ runtime: 'containerd', flags });
    await loadApplicationImages(cluster);
    expect(await isUnder('MemoryPressure')).to.equal('False');
    await Promise.all([
      run('hoarder', fill(20), { sizeLimit: '10Mi' }, { requests: { memory: '16Mi' } }),
      run('modest', 'true', {}, { requests: { memory: '64Mi' } }),
      // Pods of a t3.micro have 648 MiB together and go when fewer than 100 are left. The limit keeps the kernel from slowing
      // it down before that, as it does on cgroup v2.
      run('greedy', fill(590), { medium: 'Memory' }, { requests: { memory: '1Mi' }, limits: { memory: '1Gi' } }),
    ]);
  });
  after(async () => cluster?.[Symbol.asyncDispose]());

  /** A pod that runs this, with an emptyDir at /data. */
  async function run(name: string, command: string, emptyDir: object, resources: object): Promise<void> {
    const container = {
      ...{ name, image: applicationImages.tools, command: ['sh', '-c', `${command}; sleep 1000`] },
      ...{ volumeMounts: [{ name: 'data', mountPath: '/data' }], resources },
    };
    const spec = { volumes: [{ name: 'data', emptyDir }], containers: [container], terminationGracePeriodSeconds: 0 };
    const overrides = JSON.stringify({ apiVersion: 'v1', spec });
    await cluster.kubectl('run', name, `--image=${applicationImages.tools}`, `--overrides=${overrides}`);
    await cluster.kubectl('wait', `pod/${name}`, '--for=condition=Ready', '--timeout=60s');
  }

  const fill = (mebibytes: number) => `dd if=/dev/zero of=/data/fill bs=1M count=${mebibytes}`;
  const statusOf = async (pod: string) =>
    (JSON.parse(await cluster.kubectl('get', 'pod', pod, '-o', 'json')) as { status: PodStatus }).status;
  const isUnder = (pressure: string) =>
    cluster.kubectl('get', 'nodes', '-o', `jsonpath={.items[0].status.conditions[?(@.type=="${pressure}")].status}`);

  it('evicts who writes more into a volume than its size', async () => {
    await eventually(async () => expect((await statusOf('hoarder')).phase).to.equal('Failed'), 30_000);
    const { reason, message } = await statusOf('hoarder');
    expect({ reason, message }).to.deep.equal({
      reason: 'Evicted',
      message: 'Usage of EmptyDir volume "data" exceeds the limit "10Mi". ',
    });
  });

  it('evicts who fills its memory, and keeps who stays within its requests', async () => {
    await eventually(async () => expect((await statusOf('greedy')).phase).to.equal('Failed'), 30_000);
    const { reason, message, conditions } = await statusOf('greedy');
    expect(reason).to.equal('Evicted');
    expect(message).to.match(
      /^The node was low on resource: memory. Threshold quantity: 100Mi, available: \d+(Ki|Mi)?\. /,
    );
    expect(message).to.match(/Container greedy was using \w+, request is 1Mi, has larger consumption of memory. $/);
    expect(conditions.find(({ type }) => type === 'DisruptionTarget')).to.include({
      status: 'True',
      reason: 'TerminationByKubelet',
    });
    expect((await statusOf('modest')).phase).to.equal('Running');
    expect(await isUnder('MemoryPressure')).to.equal('True');
    await eventually(async () => {
      const taints = await cluster.kubectl('get', 'nodes', '-o', 'jsonpath={.items[0].spec.taints[*].key}');
      expect(taints).to.equal('node.kubernetes.io/memory-pressure');
    });
    const events = await cluster.kubectl('get', 'events', '-o', 'jsonpath={.items[*].reason}');
    expect(events.split(' ')).to.include.members(['Evicted', 'EvictionThresholdMet', 'NodeHasInsufficientMemory']);
  });
});

interface PodStatus {
  readonly phase: string;
  readonly reason?: string;
  readonly message?: string;
  readonly conditions: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
}
