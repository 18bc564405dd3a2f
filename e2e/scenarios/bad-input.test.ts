import { createServer, type Server } from 'node:net';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { type Cluster, startCluster } from '@coracle/cluster';
import { repository, runProgram } from '../support/index.ts';

const coracle = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runProgram(join(repository, 'coracle'), args, { env });

describe('bad input at the command line', () => {
  const rows: readonly (readonly [args: string, message: RegExp])[] = [
    ['up --port seventy', /--port "seventy": a whole number from 0 to 65535/],
    ['up --name UPPER', /--name "UPPER": 1 to 31 lower-case letters/],
    ['up --runtime docker', /--runtime "docker": one of auto, containerd, hollow/],
    ['up --node-group name=a,size=3', /unknown field "size"/],
    ['up --config /absent.yaml', /--config \/absent\.yaml: no such file/],
    ['up --node-group name=a,instance-type=m5.tiny', /no instance type "m5\.tiny": of this family there are m5\.large/],
    ['up --node-group count=2', /--node-group: name=… is missing/],
    ['up --data-dir /proc/x', /--data-dir: cannot make the folder \/proc\/x: nothing can be made there/],
    ['up --data-dir /proc/x --detach', /cannot make the folder \/proc\/x/],
    ['up --unknown', /unknown option '--unknown'/],
    ['up --node-gruop name=a', /unknown option '--node-gruop'\s.*--node-group/],
    ['fly', /unknown command 'fly'/],
    ['stauts', /unknown command 'stauts'\s.*status/],
    ['image load', /missing required argument/],
  ];
  for (const [args, message] of rows) {
    it(`coracle ${args}`, async () => {
      const outcome = await coracle(args.split(' '));
      expect(outcome.code).to.equal(2);
      expect(outcome.stderr).to.match(message);
      expect(outcome.stderr).to.not.match(/\n\s+at /);
    });
  }

  it('--version says the same as version', async () => {
    const [flag, short, command] = await Promise.all([['--version'], ['-v'], ['version']].map((args) => coracle(args)));
    expect(flag?.stdout).to.match(/^coracle \d.* \(Kubernetes v1\.37\.\d+, Node v\d/);
    expect([short?.stdout, command?.stdout]).to.deep.equal([flag?.stdout, flag?.stdout]);
  });

  it('is what npx finds in a clone, from any folder of it', async () => {
    // Without --no it would look for a package of that name in the registry.
    const outcome = await runProgram('npx', ['--no', 'coracle', 'version'], { cwd: join(repository, 'e2e') });
    expect(outcome.stdout, outcome.stderr).to.match(/^coracle \d/);
  });

  it('every command has help', async () => {
    for (const command of ['up', 'down', 'delete', 'status', 'kubeconfig', 'image', 'image load', 'version']) {
      const outcome = await coracle([...command.split(' '), '--help']);
      expect(outcome.code, command).to.equal(0);
      expect(outcome.stdout, command).to.match(/Usage: coracle/);
      const wide = outcome.stdout.split('\n').filter((line) => line.length > 80 && line.trim().includes(' '));
      expect(wide, command).to.deep.equal([]);
    }
  });
});

describe('bad surroundings', () => {
  let scratch: string;
  beforeEach(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'coracle-bad-'));
  });
  afterEach(async () => rm(scratch, { recursive: true, force: true }));

  const up = (...args: readonly string[]) =>
    coracle([
      'up',
      '--runtime',
      'hollow',
      '--data-dir',
      join(scratch, 'data'),
      '--kubeconfig',
      join(scratch, 'config'),
      ...args,
    ]);

  it('a taken port is named, and nothing is left running', async () => {
    const taken: Server = createServer();
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port));
    });
    const outcome = await up('--port', String(port));
    taken.close();
    expect(outcome.code).to.equal(2);
    expect(outcome.stderr).to.match(new RegExp(`port ${port} is taken`));
  });

  it('a data directory in use names its holder', async () => {
    await using cluster = await startCluster({ dataDir: join(scratch, 'data') });
    const outcome = await up('--port', '0');
    expect(outcome.code).to.equal(2);
    expect(outcome.stderr).to.match(new RegExp(`in use by process ${process.pid}`));
    expect(await cluster.client.raw('GET', '/readyz')).to.equal('ok');
  });

  it('a folder with other files is not taken over, nor anything left in it', async () => {
    await mkdir(join(scratch, 'data'));
    await writeFile(join(scratch, 'data/thesis.txt'), 'years of work');
    for (const detach of [[], ['--detach']]) {
      const outcome = await up(...detach);
      expect(outcome.code).to.equal(2);
      expect(outcome.stderr).to.match(/holds files that are not a cluster's/);
      expect(await readdir(join(scratch, 'data'))).to.deep.equal(['thesis.txt']);
    }
  });

  it('a kubeconfig that cannot be written is named before anything is started', async () => {
    for (const path of ['/proc/x/y', scratch]) {
      const outcome = await up('--kubeconfig', path);
      expect(outcome.code).to.equal(2);
      expect(outcome.stderr).to.match(/^coracle: cannot .*--kubeconfig names another file\n$/);
    }
  });

  it('an etcd that is not there is named with what to do', async () => {
    const outcome = await up('--port', '0', '--etcd-servers', 'http://127.0.0.1:1');
    expect(outcome.code).to.equal(2);
    expect(outcome.stderr).to.match(
      /etcd does not answer \(http:\/\/127\.0\.0\.1:1\): connect ECONNREFUSED.*: start it/,
    );
  });

  it('an image that is not there, and one that is no image', async () => {
    const absent = await coracle(['image', 'load', join(scratch, 'absent.tar'), '--data-dir', join(scratch, 'data')]);
    expect(absent.code).to.equal(2);
    expect(absent.stderr).to.match(/not running/);
  });
});

describe('bad bodies', () => {
  let cluster: Cluster;
  let send: (
    method: string,
    path: string,
    body: string | Buffer,
    type?: string,
  ) => Promise<{ code: number; message: string }>;

  before(async () => {
    cluster = await startCluster();
    send = await createSender(cluster);
  });
  after(async () => cluster?.stop());
  afterEach(async () => expect(await cluster.client.raw('GET', '/readyz')).to.equal('ok'));

  const path = '/api/v1/namespaces/default/configmaps';
  const rows: readonly (readonly [
    title: string,
    body: string | Buffer,
    code: number,
    message: RegExp,
    type?: string,
  ])[] = [
    ['no JSON', '{"metadata":', 400, /unexpected end of JSON input|couldn't get version\/kind/i],
    ['no object', '[]', 400, /./],
    [
      'another kind',
      '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}',
      400,
      /Secret in version "v1" cannot be handled as a ConfigMap/,
    ],
    ['a wrong type', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":5}}', 400, /cannot unmarshal number/],
    [
      'a bad name',
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"A_b"}}',
      422,
      /a lowercase RFC 1123 subdomain/,
    ],
    ['no name', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{}}', 422, /name or generateName is required/],
    ['an unknown content type', 'x', 415, /the body of the request was in an unknown format/, 'text/plain'],
    ['broken protobuf', Buffer.from('k8s\0\xff\xff\xff\xff'), 400, /./, 'application/vnd.kubernetes.protobuf'],
    [
      'a body of 4 MiB',
      `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"big"},"data":{"a":"${'x'.repeat(4 << 20)}"}}`,
      413,
      /limit is 3145728/,
    ],
    ['a deeply nested body', '['.repeat(100_000), 400, /./],
  ];
  for (const [title, body, code, message, type] of rows) {
    it(title, async () => {
      const answer = await send('POST', path, body, type);
      expect(answer.code, answer.message).to.equal(code);
      expect(answer.message).to.match(message);
    });
  }
});

/** Raw requests with the administrator's certificate: what no client library would send. */
async function createSender(cluster: Cluster) {
  const { loadKubeconfig, connectionOf } = await import('@coracle/client/kubeconfig');
  const { certificateAuthority, certificate, key } = await connectionOf(await loadKubeconfig([cluster.kubeconfigPath]));
  expect(new X509Certificate(certificate ?? '').subject).to.match(/kubernetes-admin/);
  const url = new URL(cluster.url);
  return (method: string, path: string, body: string | Buffer, type = 'application/json') =>
    new Promise<{ code: number; message: string }>((resolve, reject) => {
      const options = {
        host: url.hostname,
        port: url.port,
        method,
        path,
        ca: certificateAuthority,
        cert: certificate,
        key,
        agent: false as const,
      };
      const outgoing = request(
        { ...options, headers: { 'content-type': type, 'content-length': Buffer.byteLength(body) } },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('end', () => {
            const status = JSON.parse(text) as { code: number; message: string; kind: string };
            if (status.kind !== 'Status') reject(new Error(`${response.statusCode}: ${text}`));
            else resolve({ code: response.statusCode ?? 0, message: status.message });
          });
        },
      );
      outgoing.once('error', reject);
      outgoing.end(body);
    });
}
