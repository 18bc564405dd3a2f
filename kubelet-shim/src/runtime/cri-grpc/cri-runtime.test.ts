import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { systemClock, systemRandom } from '@coracle/apimachinery/clock';
import { silentLogger } from '@coracle/apimachinery/component';
import { expect } from 'chai';
import descriptor from '../../generated/cri.json' with { type: 'json' };
import type { ContainerConfig, ContainerRuntime, RuntimeEvent, SandboxConfig } from '../cri.ts';
import { createCriRuntime } from './cri-runtime.ts';

type Answer = object | { readonly code: status; readonly details: string };

const services = fromJSON(descriptor as unknown as Parameters<typeof fromJSON>[0], {
  longs: Number,
  enums: String,
  defaults: true,
});

/** A runtime of canned answers behind a real socket; `heard` is what it was asked. */
class CannedRuntime {
  readonly heard: { readonly method: string; readonly request: Record<string, unknown> }[] = [];
  readonly answers: Record<string, Answer> = {};
  events: object[] = [];
  readonly #server = new Server();

  async listen(socket: string): Promise<void> {
    for (const name of ['runtime.v1.RuntimeService', 'runtime.v1.ImageService']) {
      const definition = services[name] as unknown as ServiceDefinition;
      const methods = Object.keys(definition).map((method) => [method, this.#unary(method)]);
      this.#server.addService(definition, Object.fromEntries(methods));
    }
    this.#server.addService(services['containerd.services.events.v1.Events'] as unknown as ServiceDefinition, {
      Subscribe: (call: ServerWritableStream<object, object>) => {
        for (const event of this.events) call.write(event);
      },
    });
    await new Promise<void>((resolve, reject) => {
      const started = (error: Error | null) => (error ? reject(error) : resolve());
      this.#server.bindAsync(`unix://${socket}`, ServerCredentials.createInsecure(), started);
    });
  }

  #unary(method: string) {
    return (call: ServerUnaryCall<Record<string, unknown>, object>, answer: sendUnaryData<object>) => {
      this.heard.push({ method, request: call.request });
      const canned = this.answers[method] ?? {};
      if ('code' in canned) answer(canned as { code: status; details: string });
      else answer(null, canned);
    };
  }

  stop(): void {
    this.#server.forceShutdown();
  }
}

const sandbox: SandboxConfig = {
  metadata: { name: 'p', uid: 'u', namespace: 'ns', attempt: 0 },
  logDirectory: '/logs',
  labels: { a: 'b' },
  annotations: {},
  linux: {
    cgroupParent: '/x',
    securityContext: { namespaceOptions: { network: 'NODE', pid: 'CONTAINER', ipc: 'POD' } },
  },
};

const container: ContainerConfig = {
  metadata: { name: 'c', attempt: 2 },
  image: { image: 'sha256:1', userSpecifiedImage: 'web:1' },
  command: ['run'],
  args: [],
  workingDir: '',
  envs: [{ key: 'A', value: 'ä' }],
  mounts: [{ containerPath: '/m', hostPath: '/h', readonly: true, propagation: 'PROPAGATION_BIDIRECTIONAL' }],
  devices: [],
  labels: {},
  annotations: {},
  logPath: 'c/2.log',
  stdin: false,
  stdinOnce: false,
  tty: false,
  linux: {
    resources: { cpuShares: 256 },
    securityContext: {
      namespaceOptions: { network: 'POD', pid: 'CONTAINER', ipc: 'POD' },
      privileged: false,
      runAsUser: { value: 0 },
      readonlyRootfs: true,
      supplementalGroups: [7],
      noNewPrivs: true,
      maskedPaths: [],
      readonlyPaths: [],
      seccomp: { profileType: 'Unconfined' },
    },
  },
};

describe('the containerd driver', () => {
  const folder = mkdtempSync(join(tmpdir(), 'coracle-cri-'));
  let server: CannedRuntime;
  let runtime: ContainerRuntime;
  let number = 0;
  beforeEach(async () => {
    const socket = join(folder, `${number++}.sock`);
    server = new CannedRuntime();
    await server.listen(socket);
    runtime = createCriRuntime({ clock: systemClock, random: systemRandom, log: silentLogger }, { socket });
  });
  afterEach(async () => {
    await runtime.close();
    server.stop();
  });
  after(() => rmSync(folder, { recursive: true }));

  it('sends what a sandbox and a container are made of', async () => {
    server.answers['RunPodSandbox'] = { podSandboxId: 's1' };
    server.answers['CreateContainer'] = { containerId: 'c1' };
    expect(await runtime.runSandbox({ ...sandbox, runtimeHandler: 'kata' })).to.equal('s1');
    expect(await runtime.createContainer('s1', container, sandbox)).to.equal('c1');
    const [first, second] = server.heard.map(({ request }) => request);
    expect(first).to.include({ runtimeHandler: 'kata' });
    expect(first).to.have.nested.property('config.linux.securityContext.namespaceOptions.network', 'NODE');
    const config = second?.['config'] as { envs: { value: Buffer }[]; mounts: object[] };
    expect(config.envs[0]?.value.toString()).to.equal('ä');
    expect(config.mounts[0]).to.include({ propagation: 'PROPAGATION_BIDIRECTIONAL', readonly: true });
    // User 0 is an answer, not an absence.
    expect(config).to.have.nested.property('linux.securityContext.runAsUser.value', 0);
    expect(config).to.have.nested.property('linux.securityContext.seccomp.profileType', 'Unconfined');
  });

  it('reads statuses, with times in milliseconds and the sandbox that the answer does not name', async () => {
    server.answers['CreateContainer'] = { containerId: 'c1' };
    server.answers['ContainerStatus'] = {
      status: {
        id: 'c1',
        metadata: { name: 'c', attempt: 2 },
        state: 'CONTAINER_EXITED',
        startedAt: 1_700_000_000_123_000_000,
        finishedAt: 1_700_000_001_000_000_000,
        exitCode: 137,
        reason: 'OOMKilled',
        image: { image: 'docker.io/library/web:1' },
      },
    };
    await runtime.createContainer('s1', container, sandbox);
    expect(await runtime.containerStatus('c1')).to.deep.include({
      id: 'c1',
      sandboxId: 's1',
      attempt: 2,
      state: 'CONTAINER_EXITED',
      startedAt: 1_700_000_000_123,
      exitCode: 137,
      reason: 'OOMKilled',
    });
  });

  it('takes what is gone for done, and names every other failure as Go does', async () => {
    const gone = { code: status.NOT_FOUND, details: 'no such thing' };
    server.answers['StopContainer'] = gone;
    server.answers['ContainerStatus'] = gone;
    server.answers['StartContainer'] = { code: status.UNKNOWN, details: 'exec: "x": not found' };
    await runtime.stopContainer('c1', 1);
    expect(await runtime.containerStatus('c1')).to.equal(undefined);
    const message = await runtime.startContainer('c1').catch((error: Error) => error.message);
    expect(message).to.equal('rpc error: code = Unknown desc = exec: "x": not found');
  });

  it('never lets go of the image that sandboxes are made of', async () => {
    server.answers['ListImages'] = {
      images: [
        { id: 'i1', repoTags: ['pause:3'] },
        { id: 'i2', repoTags: ['web:1'] },
      ],
    };
    server.answers['Status'] = { info: { config: JSON.stringify({ sandboxImage: 'pause:3' }) } };
    expect((await runtime.listImages()).map(({ id, pinned }) => `${id} ${pinned}`)).to.deep.equal([
      'i1 true',
      'i2 false',
    ]);
  });

  it("tells of containerd's events until it is asked to stop", async () => {
    const value = Buffer.from([0x0a, 2, ...Buffer.from('c1')]);
    server.events = [{ topic: '/tasks/start', event: { typeUrl: 'containerd.events.TaskStart', value } }];
    const stopping = new AbortController();
    const seen: RuntimeEvent[] = [];
    for await (const event of runtime.events(stopping.signal)) {
      seen.push(event);
      stopping.abort();
    }
    expect(seen).to.deep.equal([{ kind: 'started', id: 'c1' }]);
  });
});
