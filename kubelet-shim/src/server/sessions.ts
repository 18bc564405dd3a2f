import { STATUS_CODES } from 'node:http';
import { isReady, isRunning } from '../pods/observed.ts';
import type { PodManager } from '../pods/pod-manager.ts';
import { type AttachRequest, type Container, RuntimeFailure } from '../runtime/index.ts';
import { refuse, servePortForward, serveRemoteCommand } from '../streaming/index.ts';
import { findPod, findRunningContainer, NodeRequestError } from './find-container.ts';
import type { Handler, Target, UpgradeHandler } from './routes.ts';

/** The node's own names for the flags, and the API server's. */
function flagsOf({ query }: Target): AttachRequest {
  const isSet = (...names: readonly string[]) => names.some((name) => ['1', 'true'].includes(query.get(name) ?? ''));
  return {
    tty: isSet('tty'),
    stdin: isSet('input', 'stdin'),
    stdout: isSet('output', 'stdout'),
    stderr: isSet('error', 'stderr'),
  };
}

/** Errors before the upgrade are plain HTTP answers. */
function refusing(handler: UpgradeHandler): UpgradeHandler {
  return async (dependencies, upgrade) => {
    try {
      await handler(dependencies, upgrade);
    } catch (error) {
      const status = statusOf(error);
      if (status === undefined) throw error;
      refuse(upgrade.socket, (error as Error).message, `${status} ${STATUS_CODES[status]}`);
    }
  };
}

/** Undefined for a fault of this program (k8s.io/cri-streaming pkg/streaming/errors.go). */
function statusOf(error: unknown): number | undefined {
  if (error instanceof NodeRequestError) return error.status;
  if (!(error instanceof RuntimeFailure)) return undefined;
  return error.code === 'NOT_FOUND' ? 404 : error.code === 'RESOURCE_EXHAUSTED' ? 429 : 500;
}

function runningContainer(pods: PodManager, segments: readonly string[]): Container {
  const container = findRunningContainer(pods, segments);
  if (container !== undefined) return container;
  throw new NodeRequestError(500, `container not found ("${segments.at(-1)}")`);
}

export const serveExec: UpgradeHandler = refusing(async ({ runtime, pods }, upgrade) => {
  const { id } = runningContainer(pods, upgrade.segments);
  const command = upgrade.query.getAll('command');
  const flags = flagsOf(upgrade);
  await serveRemoteCommand(upgrade, flags, await runtime.exec(id, { ...flags, command }));
});

export const serveAttach: UpgradeHandler = refusing(async ({ runtime, pods }, upgrade) => {
  const seen = findRunningContainer(pods, upgrade.segments);
  // What was last seen can be behind. A container that has just ended is refused before the upgrade, as upstream's kubelet
  // does, and not by an error within a session that seemed to begin.
  const container = seen && (await runtime.containerStatus(seen.id));
  if (!isRunning(container)) {
    const [namespace, pod] = upgrade.segments;
    throw new NodeRequestError(500, `container ${upgrade.segments.at(-1)} not found in pod ${pod}_${namespace}`);
  }
  const { id } = container;
  const flags = flagsOf(upgrade);
  await serveRemoteCommand(upgrade, flags, await runtime.attach(id, flags));
});

export const serveForward: UpgradeHandler = refusing(async ({ runtime, pods }, upgrade) => {
  const [namespace, name] = upgrade.segments;
  const sandbox = findPod(pods, namespace, name).observed.sandboxes.find(isReady);
  if (!sandbox) throw new NodeRequestError(500, `pod not found ("${name}_${namespace}")`);
  await servePortForward(upgrade, (port, signal) => runtime.connectPort(sandbox.id, port, signal));
});

/** `POST /run/<namespace>/<pod>/[uid/]<container>?cmd=…`: runs to the end and answers with both outputs. */
export const serveRun: Handler = async ({ runtime, pods }, { segments, query, response }) => {
  const { id } = runningContainer(pods, segments);
  const command = (query.get('cmd') ?? '').split(' ').filter((word) => word !== '');
  const { stdout, stderr } = await runtime.execSync(id, command, 0);
  response.end(Buffer.concat([stdout, stderr]));
};
