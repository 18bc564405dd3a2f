import { isReady, isRunning } from '../pods/observed.ts';
import type { AttachRequest } from '../runtime/index.ts';
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
      if (!(error instanceof NodeRequestError)) throw error;
      refuse(upgrade.socket, error.message, `${error.status} ${error.status === 404 ? 'Not Found' : 'Bad Request'}`);
    }
  };
}

export const serveExec: UpgradeHandler = refusing(async ({ runtime, pods }, upgrade) => {
  const { id } = findRunningContainer(pods, upgrade.segments);
  const command = upgrade.query.getAll('command');
  const flags = flagsOf(upgrade);
  await serveRemoteCommand(upgrade, flags, (streams, signal) =>
    runtime.exec(id, { ...flags, command }, streams, signal),
  );
});

export const serveAttach: UpgradeHandler = refusing(async ({ runtime, pods }, upgrade) => {
  const { id, name } = findRunningContainer(pods, upgrade.segments);
  // What was last seen can be behind. A container that has just ended is refused before the upgrade, as upstream's kubelet
  // does, and not by an error within a session that seemed to begin.
  if (!isRunning(await runtime.containerStatus(id))) throw new NodeRequestError(404, `container not found ("${name}")`);
  const flags = flagsOf(upgrade);
  await serveRemoteCommand(upgrade, flags, async (streams, signal) => {
    await runtime.attach(id, flags, streams, signal);
    return 0;
  });
});

export const serveForward: UpgradeHandler = refusing(async ({ runtime, pods }, upgrade) => {
  const [namespace, name] = upgrade.segments;
  const sandbox = findPod(pods, namespace, name).observed.sandboxes.find(isReady);
  if (!sandbox) throw new NodeRequestError(404, `pod not found ("${name}_${namespace}")`);
  await servePortForward(upgrade, (port, signal) => runtime.connectPort(sandbox.id, port, signal));
});

/** `POST /run/<namespace>/<pod>/[uid/]<container>?cmd=…`: runs to the end and answers with both outputs. */
export const serveRun: Handler = async ({ runtime, pods }, { segments, query, response }) => {
  const { id } = findRunningContainer(pods, segments);
  const command = (query.get('cmd') ?? '').split(' ').filter((word) => word !== '');
  const { stdout, stderr } = await runtime.execSync(id, command, 0);
  response.end(Buffer.concat([stdout, stderr]));
};
