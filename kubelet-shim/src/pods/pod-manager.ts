import type { Environment } from '@coracle/apimachinery/component';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { ContainerRuntime, RuntimeEvent } from '../runtime/index.ts';
import { isRunning, label, type ObservedPod } from './observed.ts';
import type { PodServices } from './pod-services.ts';
import { type PodWorker, startPodWorker } from './pod-worker.ts';
import { graceSecondsOfOrphan } from './stop-containers.ts';

/** All pods of one node: a worker each, the runtime's events delivered to them, and what belongs to none cleaned away. */
export interface PodManager {
  /** Takes over what the runtime has from before; call once, with every pod the API has for this node. */
  adopt(pods: readonly Pod[]): Promise<void>;
  /** A pod of this node was added or changed. */
  put(pod: Pod): void;
  /** The pod has left the API. */
  remove(pod: Pod): void;
  find(namespace: string, name: string): PodWorker | undefined;
  readonly workers: Iterable<PodWorker>;
  stop(): Promise<void>;
}

const reconnectInitialMs = 250;
const reconnectMaxMs = 10_000;
/** Events carry all news; this repairs what one of them missed. */
const relistMs = 300_000;

export function createPodManager(services: PodServices, nodeName: string): PodManager {
  const { environment, runtime } = services;
  const workers = new Map<string, PodWorker>();
  const owners = new Map<string, PodWorker>();
  const stopping = new AbortController();
  let watching: Promise<void> | undefined;

  const start = (pod: Pod, found?: ObservedPod): void => {
    const uid = pod.metadata?.uid ?? '';
    const ids = new Set<string>(found ? [...found.sandboxes, ...found.containers].map(({ id }) => id) : []);
    const early = new Set(ids);
    let worker: PodWorker | undefined;
    worker = startPodWorker(services, {
      pod,
      ...(found && { found }),
      own: (id) => (worker ? owners.set(id, worker) : early.add(id)),
      disown: (id) => owners.delete(id),
    });
    for (const id of early) owners.set(id, worker);
    workers.set(uid, worker);
    void worker.removed.then(() => {
      if (workers.get(uid) === worker) workers.delete(uid);
    });
  };

  const relist = async (): Promise<void> => {
    const byUid = await listByPod(runtime, nodeName);
    for (const [uid, found] of byUid) {
      const worker = workers.get(uid);
      if (worker) noteDifferences(worker, found);
      else await removeOrphan(runtime, found, environment);
    }
  };

  const watch = async (): Promise<void> => {
    for (let delay = reconnectInitialMs; !stopping.signal.aborted; delay = Math.min(delay * 2, reconnectMaxMs)) {
      const stream = runtime.events(stopping.signal);
      const timer = repeat(environment, relistMs, () => relist().catch(() => {}));
      try {
        for await (const event of stream) {
          delay = reconnectInitialMs;
          owners.get(event.id)?.note(event);
        }
      } catch (error) {
        environment.log.warn("the runtime's event stream broke", { error: String(error) });
      } finally {
        timer.cancel();
      }
      await environment.clock.sleep(delay, stopping.signal).catch(() => {});
      if (!stopping.signal.aborted) await relist().catch(() => {});
    }
  };

  return {
    workers: { [Symbol.iterator]: () => workers.values() },
    async adopt(pods) {
      watching = watch();
      const byUid = await listByPod(runtime, nodeName);
      for (const pod of pods) {
        const uid = pod.metadata?.uid ?? '';
        if (!workers.has(uid)) start(pod, byUid.get(uid));
        byUid.delete(uid);
      }
      await Promise.all([...byUid.values()].map((found) => removeOrphan(runtime, found, environment)));
      const uids = new Set(workers.keys());
      await services.files.sweep(uids);
      await services.cgroups.sweep(uids);
    },
    put(pod) {
      const worker = workers.get(pod.metadata?.uid ?? '');
      if (worker) worker.update(pod);
      else start(pod);
    },
    remove: (pod) => workers.get(pod.metadata?.uid ?? '')?.gone(),
    find(namespace, name) {
      const named = [...workers.values()].filter(
        ({ pod }) => pod.metadata?.name === name && pod.metadata.namespace === namespace,
      );
      return named.find(({ pod }) => !pod.metadata?.deletionTimestamp) ?? named[0];
    },
    async stop() {
      stopping.abort(new Error('the node agent stops'));
      await Promise.all([...workers.values()].map((worker) => worker.stop()));
      await watching;
    },
  };
}

/** Several nodes may share one runtime: each sees its own. */
async function listByPod(runtime: ContainerRuntime, nodeName: string): Promise<Map<string, ObservedPod>> {
  const [sandboxes, containers] = await Promise.all([runtime.listSandboxes(), runtime.listContainers()]);
  const byUid = new Map<string, ObservedPod>();
  const of = (labels: Readonly<Record<string, string>>) => {
    const uid = labels[label.podUid] ?? '';
    const found = byUid.get(uid) ?? { sandboxes: [], containers: [] };
    byUid.set(uid, found);
    return found as { sandboxes: unknown[]; containers: unknown[] };
  };
  const isOwn = ({ labels }: { labels: Readonly<Record<string, string>> }) => labels[label.node] === nodeName;
  for (const sandbox of sandboxes.filter(isOwn)) of(sandbox.labels).sandboxes.push(sandbox);
  for (const container of containers.filter(isOwn)) of(container.labels).containers.push(container);
  byUid.delete('');
  return byUid;
}

function noteDifferences(worker: PodWorker, found: ObservedPod): void {
  const known = new Map<string, string>();
  for (const { id, state } of [...worker.observed.sandboxes, ...worker.observed.containers]) known.set(id, state);
  for (const { id, state } of [...found.sandboxes, ...found.containers]) {
    if (known.get(id) !== state) worker.note({ kind: 'other', id } satisfies RuntimeEvent);
    known.delete(id);
  }
  for (const id of known.keys()) worker.note({ kind: 'other', id });
}

/** Pods that were deleted while no agent was there to see it. */
async function removeOrphan(runtime: ContainerRuntime, found: ObservedPod, { log }: Environment): Promise<void> {
  try {
    const stop = (container: ObservedPod['containers'][number]) =>
      isRunning(container) ? runtime.stopContainer(container.id, graceSecondsOfOrphan(container)) : undefined;
    await Promise.all(found.containers.map(stop));
    for (const { id } of found.sandboxes) {
      await runtime.stopSandbox(id);
      await runtime.removeSandbox(id);
    }
  } catch (error) {
    log.warn('what is left of a deleted pod could not be removed', { error: String(error) });
  }
}

function repeat({ clock }: Environment, intervalMs: number, action: () => void): { cancel(): void } {
  let timer = clock.after(intervalMs, tick);
  function tick(): void {
    action();
    timer = clock.after(intervalMs, tick);
  }
  return { cancel: () => timer.cancel() };
}
