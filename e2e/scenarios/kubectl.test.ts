import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  applicationImages,
  containerObstacle,
  eventually,
  httpGet,
  loadApplicationImages,
  type Outcome,
  startedBefore,
  startTestCluster,
  upstreamObstacle,
  upstreamProgram,
} from '../support/index.ts';

const deployment = (version: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, labels: { app: web } }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: web
          image: ${applicationImages.web}
          env: [{ name: VERSION, value: ${version} }]
          ports: [{ containerPort: 8080 }]
          readinessProbe: { httpGet: { path: /healthz, port: 8080 }, periodSeconds: 1 }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
`;

/** One command and what its output must look like. Rows run in order: later ones use what earlier ones made. */
interface Row {
  readonly title: string;
  readonly command: string;
  readonly input?: string;
  /** Every pattern must be found in standard output. */
  readonly output?: readonly RegExp[];
  readonly errors?: readonly RegExp[];
  /** Exit code, 0 where absent. */
  readonly code?: number;
}

const table: readonly Row[] = [
  { title: 'version', command: 'version', output: [/Client Version: v1\.37/, /Server Version: v1\.37\.2/] },
  { title: 'cluster-info', command: 'cluster-info', output: [/control plane is running at/] },
  {
    title: 'api-resources',
    command: 'api-resources',
    output: [
      /^pods +po +v1 +true +Pod$/m,
      /^deployments +deploy +apps\/v1 +true +Deployment$/m,
      /^nodegroups +ng +cloud\.coracle\.dev\/v1 +false +NodeGroup$/m,
    ],
  },
  {
    title: 'api-versions',
    command: 'api-versions',
    output: [/^apps\/v1$/m, /^v1$/m, /^rbac\.authorization\.k8s\.io\/v1$/m],
  },
  { title: 'explain', command: 'explain deployment.spec.replicas', output: [/FIELD: replicas <integer>/] },
  {
    title: 'apply',
    command: 'apply -f -',
    input: deployment('v1'),
    output: [/deployment\.apps\/web created/, /service\/web created/],
  },
  {
    title: 'apply of the same',
    command: 'apply -f -',
    input: deployment('v1'),
    output: [/deployment\.apps\/web unchanged/],
  },
  {
    title: 'rollout status',
    command: 'rollout status deployment/web --timeout=60s',
    output: [/successfully rolled out/],
  },
  {
    title: 'get wide',
    command: 'get deployment web -o wide',
    output: [
      /NAME +READY +UP-TO-DATE +AVAILABLE +AGE +CONTAINERS +IMAGES +SELECTOR/,
      /^web +2\/2 +2 +2 .* web +coracle\.test\/web:1\.0 +app=web$/m,
    ],
  },
  {
    title: 'get yaml',
    command: 'get service web -o yaml',
    output: [/^kind: Service$/m, /^ {2}clusterIP: 10\.96|^ {2}clusterIP: 10\.\d+/m],
  },
  { title: 'get jsonpath', command: 'get deployment web -o jsonpath={.status.readyReplicas}', output: [/^2$/] },
  {
    title: 'get custom columns',
    command: 'get pods -l app=web -o custom-columns=P:.status.phase --no-headers',
    output: [/^Running\nRunning\n$/],
  },
  {
    title: 'get by field',
    command: 'get pods --field-selector=status.phase=Running -l app=web -o name',
    output: [/^(pod\/web-\S+\n){2}$/],
  },
  {
    title: 'describe',
    command: 'describe deployment web',
    output: [/^Replicas: +2 desired \| 2 updated \| 2 total \| 2 available \| 0 unavailable$/m, /ScalingReplicaSet/],
  },
  {
    title: 'describe pods',
    command: 'describe pods -l app=web --show-events',
    output: [/^Node: +ip-/m, /Scheduled/, /Pulled|Created/, /Started/],
  },
  { title: 'diff', command: 'diff -f -', input: deployment('v2'), code: 1, output: [/^\+ +value: v2$/m] },
  {
    title: 'server-side apply',
    command: 'apply --server-side --force-conflicts -f -',
    input: deployment('v1'),
    output: [/deployment\.apps\/web serverside-applied/],
  },
  {
    title: 'server-side apply of another manager',
    command: 'apply --server-side --field-manager=other -f -',
    input: deployment('v3'),
    code: 1,
    errors: [/conflict with "kubectl"/],
  },
  { title: 'logs', command: 'logs deployment/web', output: [/^/] },
  { title: 'exec', command: 'exec deployment/web -- cat /tmp/index.html', output: [/^v1\n$/] },
  { title: 'exec of a failing command', command: 'exec deployment/web -- sh -c', code: 2, errors: [/exit code 2/] },
  { title: 'scale', command: 'scale deployment web --replicas=3', output: [/deployment\.apps\/web scaled/] },
  {
    title: 'wait',
    command: 'wait deployment/web --for=jsonpath={.status.readyReplicas}=3 --timeout=60s',
    output: [/condition met/],
  },
  { title: 'set env', command: 'set env deployment/web VERSION=v2', output: [/deployment\.apps\/web env updated/] },
  {
    title: 'rollout of the change',
    command: 'rollout status deployment/web --timeout=90s',
    output: [/successfully rolled out/],
  },
  { title: 'rollout history', command: 'rollout history deployment/web', output: [/^1 +<none>$/m, /^2 +<none>$/m] },
  { title: 'rollout undo', command: 'rollout undo deployment/web', output: [/deployment\.apps\/web rolled back/] },
  {
    title: 'rollout status after undo',
    command: 'rollout status deployment/web --timeout=90s',
    output: [/successfully rolled out/],
  },
  { title: 'the old version is back', command: 'exec deployment/web -- cat /tmp/index.html', output: [/^v1\n$/] },
  { title: 'rollout restart', command: 'rollout restart deployment/web', output: [/deployment\.apps\/web restarted/] },
  {
    title: 'rollout status after restart',
    command: 'rollout status deployment/web --timeout=90s',
    output: [/successfully rolled out/],
  },
  { title: 'set image', command: `set image deployment/web web=${applicationImages.web}`, output: [/^$/] },
  { title: 'label', command: 'label deployment web tier=front', output: [/deployment\.apps\/web labeled/] },
  {
    title: 'label that is taken',
    command: 'label deployment web tier=back',
    code: 1,
    errors: [/already has a value \(front\)/],
  },
  { title: 'annotate', command: 'annotate deployment web note=hello', output: [/annotated/] },
  {
    title: 'patch',
    command: 'patch deployment web --type=merge -p {"spec":{"minReadySeconds":1}}',
    output: [/deployment\.apps\/web patched/],
  },
  { title: 'autoscale', command: 'autoscale deployment web --min=1 --max=3', output: [/autoscaled/] },
  { title: 'get hpa', command: 'get hpa web', output: [/Deployment\/web/] },
  { title: 'delete hpa', command: 'delete hpa web', output: [/deleted/] },
  {
    title: 'create configmap',
    command: 'create configmap settings --from-literal=a=b',
    output: [/configmap\/settings created/],
  },
  {
    title: 'create of what exists',
    command: 'create configmap settings',
    code: 1,
    errors: [/configmaps "settings" already exists/],
  },
  {
    title: 'create job',
    command: `create job once --image=${applicationImages.tools} -- true`,
    output: [/job\.batch\/once created/],
  },
  {
    title: 'wait for a job',
    command: 'wait job/once --for=condition=complete --timeout=60s',
    output: [/condition met/],
  },
  { title: 'auth can-i', command: 'auth can-i create deployments', output: [/^yes$/m] },
  { title: 'auth can-i of a nobody', command: 'auth can-i create deployments --as=nobody', code: 1, output: [/^no$/m] },
  { title: 'auth whoami', command: 'auth whoami', output: [/kubernetes-admin/] },
  { title: 'create token', command: 'create token default', output: [/^[\w-]+\.[\w-]+\.[\w-]+$/m] },
  {
    title: 'get events',
    command: 'get events',
    output: [/LAST SEEN +TYPE +REASON +OBJECT +MESSAGE/, /ScalingReplicaSet/],
  },
  { title: 'an object that is not there', command: 'get pod absent', code: 1, errors: [/pods "absent" not found/] },
  {
    title: 'a kind that is not there',
    command: 'get unicorns',
    code: 1,
    errors: [/the server doesn't have a resource type "unicorns"/],
  },
  {
    title: 'an invalid object',
    command: 'apply -f -',
    input: deployment('v1').replace('replicas: 2', 'replicas: -1'),
    code: 1,
    errors: [/spec\.replicas: Invalid value: -1: must be greater than or equal to 0/],
  },
  {
    title: 'a field that is not there',
    command: 'apply -f -',
    input: deployment('v1').replace('replicas: 2', 'replica: 2'),
    code: 1,
    errors: [/unknown field "spec\.replica"/],
  },
  {
    title: 'delete',
    command: 'delete deployment/web service/web configmap/settings job/once',
    output: [/deployment\.apps "web" deleted/],
  },
  { title: 'everything is gone', command: 'wait pods -l app=web --for=delete --timeout=60s' },
];

describe('kubectl', function () {
  const cluster = startedBefore(() => startTestCluster({ runtime: 'containerd' }), {
    obstacle: () => containerObstacle() ?? upstreamObstacle('kubectl'),
    prepare: loadApplicationImages,
  });

  for (const row of table) {
    it(row.title, async () => {
      const outcome = await cluster().tryKubectl(
        row.command.split(' '),
        row.input === undefined ? {} : { input: row.input },
      );
      expectOutcome(outcome, row);
    });
  }

  describe('with a pod', () => {
    before(async () => {
      const command = [
        'run',
        'shell',
        `--image=${applicationImages.tools}`,
        '--restart=Never',
        '--',
        'sh',
        '-c',
        shellScript,
      ];
      await cluster().kubectl(...command);
      await cluster().kubectl('wait', 'pod/shell', '--for=condition=Ready', '--timeout=60s');
    });

    it('logs -f follows until the container ends', async () => {
      const follow = cluster().tryKubectl(['logs', '-f', 'shell']);
      await cluster().kubectl('exec', 'shell', '--', 'touch', '/tmp/say');
      await eventually(async () => expect(await cluster().kubectl('logs', 'shell')).to.contain('said'));
      await cluster().kubectl('exec', 'shell', '--', 'touch', '/tmp/stop');
      expect((await follow).stdout).to.equal('begun\nsaid\n');
      await cluster().kubectl('delete', 'pod', 'shell');
      await cluster().kubectl(
        'run',
        'shell',
        `--image=${applicationImages.tools}`,
        '--',
        'httpd',
        '-f',
        '-p',
        '8080',
        '-h',
        '/etc',
      );
      await cluster().kubectl('wait', 'pod/shell', '--for=condition=Ready', '--timeout=60s');
    });

    it('exec -it gives a terminal', async () => {
      // script(1) gives kubectl a terminal of its own to hand on.
      const command = `${upstreamProgram('kubectl')} exec -it shell -- sh -c 'test -t 0 && echo a terminal'`;
      const { stdout } = await runWithTerminal(command, cluster().env);
      expect(stdout).to.contain('a terminal');
    });

    it('exec passes standard input through', async () => {
      const text = 'line\n'.repeat(20_000);
      const { stdout } = await cluster().tryKubectl(['exec', '-i', 'shell', '--', 'cat'], { input: text });
      expect(stdout).to.equal(text);
    });

    it('cp copies a file there and back', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'coracle-cp-'));
      const content = 'copied\n'.repeat(1000);
      await writeFile(join(folder, 'a'), content);
      await cluster().kubectl('cp', join(folder, 'a'), 'shell:/tmp/a');
      await cluster().kubectl('cp', 'shell:/tmp/a', join(folder, 'b'));
      expect(await readFile(join(folder, 'b'), 'utf8')).to.equal(content);
      await rm(folder, { recursive: true });
    });

    it('port-forward reaches the container', async () => {
      const forward = spawn(upstreamProgram('kubectl'), ['port-forward', 'pod/shell', ':8080'], {
        env: { ...process.env, ...cluster().env },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      try {
        const port = await new Promise<string>((resolve, reject) => {
          forward.stdout.on('data', (chunk: Buffer) => {
            const match = /127\.0\.0\.1:(\d+)/.exec(chunk.toString());
            if (match?.[1] !== undefined) resolve(match[1]);
          });
          forward.once('exit', (code) => reject(new Error(`port-forward ended with ${code}`)));
        });
        const answer = await httpGet(`http://127.0.0.1:${port}/passwd`);
        expect(answer.body).to.contain('root:x:0:0');
      } finally {
        forward.kill();
      }
    });

    it('attach shows what the container writes', async () => {
      await cluster().kubectl(
        'run',
        'talker',
        `--image=${applicationImages.tools}`,
        '--restart=Never',
        '--',
        'sh',
        '-c',
        'while sleep 1; do echo tick; done',
      );
      await cluster().kubectl('wait', 'pod/talker', '--for=condition=Ready', '--timeout=60s');
      const { stdout } = await runWithTerminal(`timeout 4 ${upstreamProgram('kubectl')} attach talker`, cluster().env);
      expect(stdout).to.contain('tick');
      await cluster().kubectl('delete', 'pod', 'talker', '--grace-period=1');
    });
  });

  describe('with the nodes', () => {
    it('cordon keeps new pods away, drain moves the others, uncordon lets them back', async () => {
      await cluster().kubectl('create', 'deployment', 'movable', `--image=${applicationImages.web}`, '--replicas=2');
      await cluster().kubectl('rollout', 'status', 'deployment/movable', '--timeout=60s');
      const node = await cluster().kubectl(
        'get',
        'pods',
        '-l',
        'app=movable',
        '-o',
        'jsonpath={.items[0].spec.nodeName}',
      );
      expect(await cluster().kubectl('cordon', node)).to.contain('cordoned');
      expect(await cluster().kubectl('get', 'node', node)).to.contain('SchedulingDisabled');
      expect(
        await cluster().kubectl(
          'drain',
          node,
          '--ignore-daemonsets',
          '--force',
          '--delete-emptydir-data',
          '--timeout=90s',
        ),
      ).to.contain('drained');
      await cluster().kubectl('rollout', 'status', 'deployment/movable', '--timeout=60s');
      const nodes = await cluster().kubectl(
        'get',
        'pods',
        '-l',
        'app=movable',
        '-o',
        'jsonpath={.items[*].spec.nodeName}',
      );
      expect(nodes.split(' ')).to.not.include(node);
      expect(await cluster().kubectl('uncordon', node)).to.contain('uncordoned');
      await cluster().kubectl('delete', 'deployment', 'movable');
    });

    it('scale nodegroup adds a machine and takes it away', async () => {
      await cluster().kubectl('scale', 'nodegroup', 'ng-1', '--replicas=3');
      const readyNodes = async () =>
        (await cluster().kubectl('get', 'nodes', '-l', 'eks.amazonaws.com/nodegroup=ng-1', '--no-headers')).match(
          / Ready /g,
        )?.length ?? 0;
      await eventually(async () => expect(await readyNodes()).to.equal(3), 60_000);
      await cluster().kubectl('scale', 'nodegroup', 'ng-1', '--replicas=2');
      await eventually(async () => expect(await readyNodes()).to.equal(2), 60_000);
    });
  });
});

const shellScript =
  'echo begun; until test -e /tmp/say; do sleep 0.1; done; echo said; until test -e /tmp/stop; do sleep 0.1; done';

function expectOutcome(outcome: Outcome, row: Row): void {
  const seen = `exit code ${outcome.code}\n${outcome.stdout}\n${outcome.stderr}`;
  expect(outcome.code, seen).to.equal(row.code ?? 0);
  for (const pattern of row.output ?? []) expect(outcome.stdout, seen).to.match(pattern);
  for (const pattern of row.errors ?? []) expect(outcome.stderr, seen).to.match(pattern);
}

function runWithTerminal(command: string, env: Readonly<Record<string, string>>): Promise<{ readonly stdout: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.once('error', reject);
    child.once('exit', () => resolve({ stdout }));
  });
}
