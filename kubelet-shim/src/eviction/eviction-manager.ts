import type { Environment, Running } from '@coracle/apimachinery/component';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { NodeAgentOptions } from '../node/options.ts';
import type { PodManager } from '../pods/pod-manager.ts';
import type { PodWorker } from '../pods/pod-worker.ts';
import type { ContainerRuntime } from '../runtime/index.ts';
import { measurePods } from './measure.ts';
import type { NodePressure } from './node-pressure.ts';
import { areImagesApart, observeNode } from './observe.ts';
import { calm, isRelieved, judgePressure, type Observations, shortage } from './pressure.ts';
import { type EvictionMessage, evictionMessage, isCritical, rankPods } from './rank.ts';
import { storageViolation } from './storage-limits.ts';
import {
  conditionOf,
  defaultPressureTransitionSeconds,
  resourceOf,
  type StarvedResource,
  type Threshold,
  thresholdsOf,
} from './thresholds.ts';
import { type Candidate, hasStorageLimits } from './usage.ts';

export interface EvictionDependencies {
  readonly environment: Environment;
  readonly runtime: ContainerRuntime;
  readonly pods: PodManager;
  readonly options: NodeAgentOptions;
  readonly pressure: NodePressure;
  /** Removes every image that no container uses. */
  readonly reclaimImages: () => Promise<void>;
  /** Told what is being looked for, for an event about the node. */
  readonly reclaiming: (resource: StarvedResource) => void;
  /** Told of each pod that has to go, for an event about it. */
  readonly evicted: (pod: Pod, message: EvictionMessage) => void;
}

/** evictionMonitoringPeriod and podCleanupTimeout. */
const intervalMs = 10_000;
const cleanupTimeoutMs = 30_000;
const cleanupPollMs = 1000;
/** immediateEvictionGracePeriodSeconds */
const hardGraceSeconds = 1;
const reason = 'Evicted';

/**
 * Takes the node's resources back from pods before the kernel or a full disk does: measures every ten seconds, tells the
 * node's conditions, and ends one pod at a time (upstream's eviction manager). A node that is short of nothing and whose
 * pods have no limits on storage costs a few small reads.
 */
export function startEvictionManager(dependencies: EvictionDependencies): Running {
  const { environment, options, pressure, runtime } = dependencies;
  const { clock, log } = environment;
  const settings = options.eviction ?? {};
  const thresholds = thresholdsOf(settings);
  const transitionMs = (settings.pressureTransitionSeconds ?? defaultPressureTransitionSeconds) * 1000;
  const stopping = new AbortController();
  let state = calm;
  let imagesApart: boolean | undefined;

  /** The pods that were ended. */
  const look = async (): Promise<readonly PodWorker[]> => {
    imagesApart ??= await areImagesApart({ options, runtime });
    const observations = await observeNode({ options, runtime });
    const judged = judgePressure(thresholds, state, observations, { now: clock.now(), transitionMs });
    state = judged.state;
    pressure.set(judged.conditions);
    const active = activeWorkers(dependencies.pods);
    const overLimits = await evictOverLimits(dependencies, active, imagesApart);
    const [worst] = judged.starved;
    if (overLimits.length > 0 || !worst) return overLimits;
    const { starved } = judged;
    const found = { worst, starved, thresholds, observations, active, imagesApart };
    const evicted = await reclaim(dependencies, found);
    return evicted ? [evicted] : [];
  };

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const ended = await look().catch((error: unknown): readonly PodWorker[] => {
        log.warn('the node could not be looked at for pressure', { error: String(error) });
        return [];
      });
      // The next pod goes only when the last one's share is free again.
      if (ended.length > 0) await allOver(environment, ended, stopping.signal);
      else await clock.sleep(intervalMs, stopping.signal).catch(() => {});
    }
  };
  const running = loop();
  return {
    async stop() {
      stopping.abort(new Error('the node agent stops'));
      await running;
    },
  };
}

function activeWorkers(pods: PodManager): readonly PodWorker[] {
  return [...pods.workers].filter((worker) => !worker.isOver && !worker.isFailing);
}

async function evictOverLimits(
  { environment, options, runtime, evicted }: EvictionDependencies,
  active: readonly PodWorker[],
  imagesApart: boolean,
): Promise<readonly PodWorker[]> {
  const limited = active.filter(({ pod }) => hasStorageLimits(pod) && !isCritical(pod));
  if (limited.length === 0) return [];
  const usages = await measurePods(
    { options, runtime },
    limited.map(({ pod }) => pod),
  );
  return limited.filter((worker) => {
    const usage = usages.get(worker.uid);
    const message = usage && storageViolation(worker.pod, usage, imagesApart);
    if (message === undefined) return false;
    environment.log.warn('a pod is evicted for its use of storage', { pod: nameOf(worker), text: message });
    evicted(worker.pod, { message, annotations: {} });
    worker.evict({ reason, message, graceSeconds: hardGraceSeconds });
    return true;
  });
}

interface Shortage {
  readonly worst: Threshold;
  readonly starved: readonly Threshold[];
  readonly thresholds: readonly Threshold[];
  readonly observations: Observations;
  readonly active: readonly PodWorker[];
  readonly imagesApart: boolean;
}

/** First what nobody uses, then one pod. */
async function reclaim(dependencies: EvictionDependencies, found: Shortage): Promise<PodWorker | undefined> {
  const { options, runtime, reclaimImages } = dependencies;
  const { worst, starved, thresholds, observations, active, imagesApart } = found;
  const resource = resourceOf[worst.signal];
  dependencies.reclaiming(resource);
  if (conditionOf[worst.signal] === 'DiskPressure') {
    await reclaimImages();
    if (isRelieved(thresholds, await observeNode({ options, runtime }))) return undefined;
  }
  const usages = await measurePods(
    { options, runtime },
    active.map(({ pod }) => pod),
  );
  const byPod = new Map(active.map((worker) => [worker.pod, worker]));
  const candidates = active.map(({ pod, uid }): Candidate => ({ pod, usage: usages.get(uid) }));
  for (const candidate of rankPods(worst.signal, candidates, imagesApart)) {
    const worker = byPod.get(candidate.pod);
    if (!worker || isCritical(candidate.pod)) continue;
    const words = evictionMessage(resource, candidate, shortage(resource, starved, observations));
    endForPressure(dependencies, worker, words, worst);
    return worker;
  }
  return undefined;
}

function endForPressure(
  { environment, options, evicted }: EvictionDependencies,
  worker: PodWorker,
  words: EvictionMessage,
  { graceMs, signal }: Threshold,
): void {
  const { message } = words;
  environment.log.warn('a pod is evicted', { pod: nameOf(worker), signal, text: message });
  evicted(worker.pod, words);
  const longest = options.eviction?.maxPodGracePeriodSeconds ?? 0;
  const own = worker.pod.spec?.terminationGracePeriodSeconds ?? longest;
  const graceSeconds = graceMs === 0 ? hardGraceSeconds : Math.min(longest, own);
  worker.evict({ reason, message, graceSeconds, isDisruption: true });
}

function nameOf({ pod }: PodWorker): string {
  return `${pod.metadata?.namespace}/${pod.metadata?.name}`;
}

async function allOver({ clock }: Environment, workers: readonly PodWorker[], signal: AbortSignal): Promise<void> {
  const giveUpAt = clock.monotonic() + cleanupTimeoutMs;
  while (!workers.every(({ isOver }) => isOver) && clock.monotonic() < giveUpAt && !signal.aborted) {
    await clock.sleep(cleanupPollMs, signal).catch(() => {});
  }
}
