import type { Environment } from '@coracle/apimachinery/component';
import {
  type Container,
  type ContainerConfig,
  type ContainerRuntime,
  type RuntimeEvent,
  RuntimeFailure,
  type Sandbox,
  type SandboxConfig,
} from '../cri.ts';
import { createBroadcast } from './event-queue.ts';
import type { HollowNetwork } from './hollow-network.ts';
import { type Lifetime, pretend } from './pretend.ts';

export interface HollowRuntimeOptions {
  /** The address of the next pod that is not on the node's own network: 10.244.0.1 and up by default. */
  readonly allocateIp?: () => string;
  /** When and how a container ends; undefined = it runs until it is stopped. `endsByItself` by default. */
  readonly lifetime?: (config: ContainerConfig, sandbox: SandboxConfig) => Lifetime | undefined;
  /** Images that cannot be pulled; none by default. */
  readonly isMissing?: (image: string) => boolean;
  /** How long a container takes to stop, at most its grace period, in milliseconds; 0 by default. */
  readonly stopMs?: number;
  /** Where pods answer; absent: nowhere. */
  readonly network?: HollowNetwork;
}

/** On init containers, so that a runtime that only pretends knows which ones have to end. */
export const runsToCompletionAnnotation = 'coracle.dev/runs-to-completion';
/** On a pod: milliseconds after which its containers pretend to end, and the code they end with. */
export const hollowExitAfterAnnotation = 'coracle.dev/hollow-exit-after-ms';
export const hollowExitCodeAnnotation = 'coracle.dev/hollow-exit-code';

const killedExitCode = 137;
/** Longer than any timer runs is for ever. */
const timerMsMax = 2 ** 31 - 1;

/**
 * As its annotation says, else as its command does where that can be told, else at once and well for init containers and
 * containers of Jobs, which have to end, and never for all others.
 */
export function endsByItself(config: ContainerConfig, sandbox: SandboxConfig): Lifetime | undefined {
  const hasToEnd = config.annotations[runsToCompletionAnnotation] === 'true';
  const afterMs = sandbox.annotations[hollowExitAfterAnnotation];
  const exitCode = Number(sandbox.annotations[hollowExitCodeAnnotation] ?? 0);
  if (afterMs !== undefined && !hasToEnd) return { afterMs: Number(afterMs), exitCode };
  const pretended = pretend(programOf(config));
  if (pretended !== undefined) return pretended;
  if (hasToEnd) return { afterMs: 0, exitCode: 0 };
  return 'batch.kubernetes.io/job-name' in sandbox.labels ? { afterMs: 0, exitCode } : undefined;
}

/** An image without a command is taken for the program it is named after: `registry.k8s.io/pause:3.10`. */
function programOf({ command, args, image }: ContainerConfig): readonly string[] {
  if (command.length > 0) return [...command, ...args];
  const name = image.userSpecifiedImage ?? image.image;
  return [name.slice(name.lastIndexOf('/') + 1).replace(/[:@].*$/, ''), ...args];
}

/** Keeps books and does nothing else: no process ever runs, and every call is answered at once but where `stopMs` is set. */
export function createHollowRuntime(environment: Environment, options: HollowRuntimeOptions = {}): ContainerRuntime {
  const { clock, random } = environment;
  const sandboxes = new Map<string, Sandbox>();
  const containers = new Map<string, Container>();
  const lifetimes = new Map<string, Lifetime>();
  const configs = new Map<string, SandboxConfig>();
  const broadcast = createBroadcast<RuntimeEvent>();
  const allocateIp = options.allocateIp ?? countingAddresses();
  const lifetime = options.lifetime ?? endsByItself;

  const change = (id: string, kind: RuntimeEvent['kind'], update: Partial<Container>): void => {
    const container = containers.get(id);
    if (!container) return;
    containers.set(id, { ...container, ...update });
    broadcast.send({ kind, id });
  };

  const exit = (id: string, { exitCode, message = '' }: Omit<Lifetime, 'afterMs'>): void => {
    if (containers.get(id)?.state !== 'CONTAINER_RUNNING') return;
    const reason = exitCode === 0 ? 'Completed' : 'Error';
    change(id, 'exited', { state: 'CONTAINER_EXITED', finishedAt: clock.now(), exitCode, reason, message });
  };

  const known = <T>(things: ReadonlyMap<string, T>, id: string): T => {
    const thing = things.get(id);
    if (!thing) throw new RuntimeFailure('NOT_FOUND', `"${id}": not found`);
    return thing;
  };

  return {
    kind: 'hollow',
    version: async () => ({ name: 'hollow', version: '1.0.0' }),

    async runSandbox(config) {
      const id = newId(random.bytes(32));
      const onNode = config.linux.securityContext.namespaceOptions.network === 'NODE';
      const ips = onNode ? [] : [allocateIp()];
      for (const ip of ips) options.network?.add(ip, config.metadata.name);
      sandboxes.set(id, {
        id,
        metadata: config.metadata,
        state: 'SANDBOX_READY',
        createdAt: clock.now(),
        labels: config.labels,
        annotations: config.annotations,
        ips,
      });
      configs.set(id, config);
      return id;
    },
    async stopSandbox(id) {
      const sandbox = sandboxes.get(id);
      if (!sandbox || sandbox.state === 'SANDBOX_NOTREADY') return;
      for (const container of containers.values()) {
        if (container.sandboxId === id) exit(container.id, { exitCode: killedExitCode });
      }
      for (const ip of sandbox.ips) options.network?.remove(ip);
      sandboxes.set(id, { ...sandbox, state: 'SANDBOX_NOTREADY' });
      broadcast.send({ kind: 'other', id });
    },
    async removeSandbox(id) {
      sandboxes.delete(id);
      configs.delete(id);
      for (const container of containers.values()) if (container.sandboxId === id) containers.delete(container.id);
    },
    sandboxStatus: async (id) => sandboxes.get(id),
    listSandboxes: async () => [...sandboxes.values()],

    async createContainer(sandboxId, config) {
      known(sandboxes, sandboxId);
      const id = newId(random.bytes(32));
      containers.set(id, newContainer(id, sandboxId, config, clock.now()));
      const planned = lifetime(config, known(configs, sandboxId));
      if (planned) lifetimes.set(id, planned);
      return id;
    },
    async startContainer(id) {
      known(containers, id);
      change(id, 'started', { state: 'CONTAINER_RUNNING', startedAt: clock.now() });
      const planned = lifetimes.get(id);
      lifetimes.delete(id);
      if (planned && planned.afterMs <= timerMsMax) clock.after(planned.afterMs, () => exit(id, planned));
    },
    async stopContainer(id, gracePeriodSeconds) {
      const stopMs = Math.min(options.stopMs ?? 0, gracePeriodSeconds * 1000);
      if (stopMs > 0) await clock.sleep(stopMs);
      exit(id, { exitCode: 0 });
    },
    async removeContainer(id) {
      containers.delete(id);
      lifetimes.delete(id);
    },
    containerStatus: async (id) => containers.get(id),
    listContainers: async () => [...containers.values()],
    async updateContainerResources(id, resources) {
      const { resources: previous } = known(containers, id);
      change(id, 'other', { resources: { ...previous, ...resources } });
    },
    reopenContainerLog: async () => {},

    async execSync(id) {
      known(containers, id);
      return { stdout: new Uint8Array(0), stderr: new Uint8Array(0), exitCode: 0 };
    },
    exec: () => refuse('exec into'),
    attach: () => refuse('attach to'),
    connectPort: () => refuse('connect to'),

    containerStats: async () => [],
    async pullImage({ image }) {
      if (options.isMissing?.(image))
        throw new RuntimeFailure('NOT_FOUND', `failed to resolve reference "${image}": not found`);
      return image;
    },
    imageStatus: async ({ image }) =>
      options.isMissing?.(image)
        ? undefined
        : { id: image, repoTags: [image], repoDigests: [], sizeBytes: 0, username: '', pinned: false },
    listImages: async () => [],
    removeImage: async () => {},
    mountImage: async () => {},
    unmountImage: async () => {},
    imageFilesystem: async () => undefined,

    events: (signal) => broadcast.read(signal),
    close: async () => {},
  };
}

function newContainer(id: string, sandboxId: string, config: ContainerConfig, now: number): Container {
  return {
    id,
    sandboxId,
    name: config.metadata.name,
    attempt: config.metadata.attempt,
    state: 'CONTAINER_CREATED',
    createdAt: now,
    startedAt: 0,
    finishedAt: 0,
    exitCode: 0,
    image: config.image.userSpecifiedImage ?? config.image.image,
    imageRef: config.image.image,
    imageId: config.image.image,
    reason: '',
    message: '',
    labels: config.labels,
    annotations: config.annotations,
    mounts: config.mounts,
    logPath: config.logPath,
    resources: config.linux.resources,
  };
}

async function refuse(what: string): Promise<never> {
  throw new RuntimeFailure(
    'UNIMPLEMENTED',
    `containers of a hollow node only pretend to run: there is nothing to ${what}`,
  );
}

function newId(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function countingAddresses(): () => string {
  let last = 0;
  return () => {
    last++;
    return `10.${244 + ((last >> 16) & 7)}.${(last >> 8) & 255}.${last & 255}`;
  };
}
