import { expect } from 'chai';
import {
  applicationImages,
  applicationLayout,
  containerObstacle,
  eventually,
  type ImageRegistry,
  loadApplicationImages,
  skipBecause,
  startImageRegistry,
  startTestCluster,
  type TestCluster,
  upstreamObstacle,
} from '../support/index.ts';

describe('nodes of a real cluster', function () {
  let cluster: TestCluster;
  let registry: ImageRegistry;

  before(async function () {
    skipBecause(this, containerObstacle() ?? upstreamObstacle('kubectl'));
    registry = await startImageRegistry(await applicationLayout());
    const flags = ['--registry-mirror', `coracle.test=${registry.url}`];
    cluster = await startTestCluster({ runtime: 'containerd', flags });
    await loadApplicationImages(cluster);
  });
  after(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await registry?.[Symbol.asyncDispose]();
  });

  /** What the pod `client` gets from a web server. */
  const fetch = (host: string) => cluster.kubectl('exec', 'client', '--', 'wget', '-qO-', `http://${host}/healthz`);

  it('are two, ready, in two zones, of an instance type', async () => {
    const nodes = JSON.parse(await cluster.kubectl('get', 'nodes', '-o', 'json')) as { items: NodeObject[] };
    expect(nodes.items).to.have.length(2);
    const labels = nodes.items.map((node) => node.metadata.labels);
    expect(labels.map((each) => each['topology.kubernetes.io/zone']).sort()).to.deep.equal([
      'us-east-1a',
      'us-east-1b',
    ]);
    expect(labels.map((each) => each['node.kubernetes.io/instance-type'])).to.deep.equal(['m5.large', 'm5.large']);
    for (const node of nodes.items) {
      expect(node.metadata.name).to.match(
        /^ip-10-\d+-\d+-\d+\.ec2\.internal$|^ip-10-\d+-\d+-\d+\.us-east-1\.compute\.internal$/,
      );
      expect(node.status.conditions.find(({ type }) => type === 'Ready')?.status).to.equal('True');
      expect(node.status.capacity.cpu).to.equal('2');
    }
  });

  it('reach each other’s pods, Services and names', async () => {
    await cluster.kubectl('create', 'deployment', 'web', `--image=${applicationImages.web}`, '--replicas=2');
    await cluster.kubectl('expose', 'deployment', 'web', '--port=80', '--target-port=8080');
    await cluster.kubectl('rollout', 'status', 'deployment/web', '--timeout=60s');
    const addresses = await cluster.kubectl('get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].status.podIP}');
    const targets = [
      ...addresses.split(' ').map((address) => `${address}:8080`),
      'web',
      'web.default.svc.cluster.local',
    ];
    await cluster.kubectl('run', 'client', `--image=${applicationImages.tools}`, '--', 'sleep', '3600');
    await cluster.kubectl('wait', 'pod/client', '--for=condition=Ready', '--timeout=60s');
    for (const target of targets) expect(await fetch(target), target).to.equal('ok');
  });

  it('say what they and their pods use: kubectl top, and an autoscaler that acts on it', async () => {
    await cluster.kubectl('create', 'deployment', 'used', `--image=${applicationImages.web}`);
    await cluster.kubectl('rollout', 'status', 'deployment/used', '--timeout=60s');
    const nodes = await cluster.kubectl('top', 'nodes', '--no-headers');
    expect(nodes.trim().split('\n')).to.have.length(2);
    for (const line of nodes.trim().split('\n')) expect(line).to.match(/^\S+ +[1-9]\d*m +\d+% +[1-9]\d*Mi +\d+% *$/);
    const pods = await cluster.kubectl('top', 'pods', '-l', 'app=used', '--containers', '--no-headers');
    expect(pods).to.match(/^used-\S+ +web +\d+m +[1-9]\d*Mi *\n$/);
    const autoscaler = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'used' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'used' },
        maxReplicas: 2,
        metrics: [
          { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '64Ki' } } },
        ],
      },
    };
    const made = await cluster.tryKubectl(['apply', '-f', '-'], { input: JSON.stringify(autoscaler) });
    expect(made.code, made.stderr).to.equal(0);
    await eventually(async () => {
      const replicas = await cluster.kubectl('get', 'deployment', 'used', '-o', 'jsonpath={.spec.replicas}');
      expect(replicas).to.equal('2');
    }, 45_000);
    const described = await cluster.kubectl('describe', 'hpa', 'used');
    expect(described).to.match(/SuccessfulRescale .*New size: 2; reason: memory resource above target/);
    await cluster.kubectl('delete', 'hpa,deployment', 'used');
  });

  it('appear for a pod of a Fargate profile, and go with it', async () => {
    await cluster.kubectl(
      '-n',
      'serverless',
      'run',
      'lone',
      `--image=${applicationImages.tools}`,
      '--',
      'sleep',
      '1000',
    );
    await cluster.kubectl('-n', 'serverless', 'wait', 'pod/lone', '--for=condition=Ready', '--timeout=60s');
    const pod = JSON.parse(await cluster.kubectl('-n', 'serverless', 'get', 'pod', 'lone', '-o', 'json')) as PodObject;
    expect(pod.spec.nodeName).to.match(/^fargate-ip-/);
    expect(pod.spec.schedulerName).to.equal('fargate-scheduler');
    expect(pod.metadata.annotations['CapacityProvisioned']).to.equal('0.25vCPU 0.5GB');
    const node = JSON.parse(await cluster.kubectl('get', 'node', pod.spec.nodeName, '-o', 'json')) as NodeObject;
    expect(node.metadata.labels['eks.amazonaws.com/compute-type']).to.equal('fargate');
    expect(await cluster.kubectl('-n', 'serverless', 'exec', 'lone', '--', 'echo', 'inside')).to.equal('inside\n');
    await cluster.kubectl('-n', 'serverless', 'delete', 'pod', 'lone', '--grace-period=1');
    await eventually(async () => {
      const left = await cluster.kubectl('get', 'nodes', '-l', 'eks.amazonaws.com/compute-type=fargate', '-o', 'name');
      expect(left).to.equal('');
    });
  });

  it('pull from the mirror of a registry, on machines of both kinds', async () => {
    for (const namespace of ['default', 'serverless']) {
      const before = registry.asked.length;
      const image = [`--image=${applicationImages.tools}`, '--image-pull-policy=Always'];
      await cluster.kubectl('-n', namespace, 'run', 'pulling', ...image, '--', 'sleep', '1000');
      await cluster.kubectl('-n', namespace, 'wait', 'pod/pulling', '--for=condition=Ready', '--timeout=60s');
      expect(registry.asked.slice(before)).to.include(applicationImages.tools);
      await cluster.kubectl('-n', namespace, 'delete', 'pod', 'pulling', '--grace-period=1');
    }
  });

  it('mount images as volumes, whole or in part, read-only', async () => {
    const image = { reference: applicationImages.web, pullPolicy: 'Always' };
    const volumeMounts = [
      { name: 'files', mountPath: '/files' },
      { name: 'files', mountPath: '/nginx', subPath: 'etc/nginx' },
    ];
    const container = { name: 'reader', image: applicationImages.tools, command: ['sleep', '1000'], volumeMounts };
    const overrides = { apiVersion: 'v1', spec: { volumes: [{ name: 'files', image }], containers: [container] } };
    const run = ['run', 'reader', `--image=${applicationImages.tools}`, `--overrides=${JSON.stringify(overrides)}`];
    await cluster.kubectl(...run);
    await cluster.kubectl('wait', 'pod/reader', '--for=condition=Ready', '--timeout=60s');
    expect(registry.asked).to.include(applicationImages.web);
    const inside = ['exec', 'reader', '--'];
    expect(await cluster.kubectl(...inside, 'cat', '/files/web.conf')).to.contain('location = /healthz');
    expect(await cluster.kubectl(...inside, 'ls', '/nginx')).to.contain('mime.types');
    const written = await cluster.tryKubectl([...inside, 'touch', '/files/new']);
    expect(written.stderr).to.contain('Read-only file system');
    await cluster.kubectl('delete', 'pod', 'reader', '--grace-period=1');
  });

  it('come back with their pods after down and up', async () => {
    const before = await cluster.kubectl('get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].metadata.uid}');
    const service = await cluster.kubectl('get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}');
    expect((await cluster.coracle('down')).code).to.equal(0);
    expect((await cluster.coracle('status')).code).to.equal(1);
    expect(
      (await cluster.coracle('up', '--detach', '--port', '0', '--runtime', 'containerd', '--wait', '120s')).code,
    ).to.equal(0);
    await cluster.kubectl('rollout', 'status', 'deployment/web', '--timeout=90s');
    expect(await cluster.kubectl('get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].metadata.uid}')).to.equal(
      before,
    );
    expect(await cluster.kubectl('get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}')).to.equal(service);
    await eventually(async () => expect(await fetch('web')).to.equal('ok'));
  });

  it('say why a pod cannot start whose image is missing', async () => {
    await cluster.kubectl('run', 'missing', '--image=coracle.test/absent:1', '--restart=Never');
    await eventually(async () => {
      const reason = await cluster.kubectl(
        'get',
        'pod',
        'missing',
        '-o',
        'jsonpath={.status.containerStatuses[0].state.waiting.reason}',
      );
      expect(reason).to.be.oneOf(['ErrImagePull', 'ImagePullBackOff']);
    });
    await cluster.kubectl('delete', 'pod', 'missing', '--grace-period=0', '--force');
  });
});

interface NodeObject {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly status: {
    readonly capacity: { readonly cpu: string };
    readonly conditions: readonly { readonly type: string; readonly status: string }[];
  };
}

interface PodObject {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
  readonly spec: { readonly nodeName: string; readonly schedulerName: string };
}
