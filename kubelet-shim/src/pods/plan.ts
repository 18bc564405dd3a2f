import type { Container as ContainerSpec, Pod } from '@coracle/apimachinery/types/core-v1';
import type { Container } from '../runtime/index.ts';
import {
  annotation,
  ephemeralContainers,
  hasInitialized,
  isExited,
  isRunning,
  isSidecar,
  latest,
  type ObservedPod,
  sandboxProblem,
} from './observed.ts';
import { containerHash } from './container-hash.ts';
import { restartsAfter, restartsWhenKilled, shouldStart } from './restart.ts';

/** What has to happen next for one pod; empty lists and no flags = nothing. Done in the order of the fields. */
export interface PodPlan {
  /** The pod is over: end what still runs, free the network. */
  readonly endPod: boolean;
  /** Make a sandbox with this attempt number, after ending what is left of the previous one. */
  readonly createSandbox?: number;
  readonly kill: readonly ContainerToKill[];
  readonly resize: readonly ContainerToResize[];
  readonly start: readonly ContainerToStart[];
}

export interface ContainerToKill {
  readonly container: Container;
  readonly spec: ContainerSpec;
  /** The text of the Killing event. */
  readonly message: string;
  /** A probe may have a grace period of its own. */
  readonly reason?: KillReason;
}

export type KillReason = 'liveness' | 'startup' | 'resize';

export interface ContainerToStart {
  readonly kind: ContainerKind;
  readonly spec: ContainerSpec;
}

export interface ContainerToResize {
  readonly container: Container;
  readonly spec: ContainerSpec;
}

export type ContainerKind = 'init' | 'regular' | 'ephemeral';

export type ProbeVerdict = 'success' | 'failure' | 'unknown';

export interface PlanInput {
  readonly pod: Pod;
  readonly observed: ObservedPod;
  /** By container id; a container without such a probe has none. */
  readonly liveness: (containerId: string) => ProbeVerdict | undefined;
  readonly startup: (containerId: string) => ProbeVerdict | undefined;
  /** What a change of resources in the spec asks of a running container (KEP-1287). */
  readonly resize: (container: Container, spec: ContainerSpec) => 'none' | 'update' | 'restart';
}

interface Draft {
  readonly kill: ContainerToKill[];
  readonly resize: ContainerToResize[];
  readonly start: ContainerToStart[];
}

const nothing: PodPlan = { endPod: false, kill: [], resize: [], start: [] };

/** The next actions of a pod that is neither deleted nor finished. Pure; upstream's `computePodActions`. */
export function planPod(input: PlanInput): PodPlan {
  const { pod, observed } = input;
  if (sandboxProblem(pod, observed) !== undefined) return planSandbox(pod, observed);
  const draft: Draft = { kill: [], resize: [], start: [] };
  for (const spec of ephemeralContainers(pod)) {
    if (!latest(observed, spec.name)) draft.start.push({ kind: 'ephemeral', spec });
  }
  const initialization = planInit(input, draft);
  if (initialization === 'failed') return { ...nothing, endPod: true };
  if (initialization === 'pending') return { endPod: false, ...draft };
  return planRegular(input, draft);
}

/** A new sandbox begins the pod anew, unless everything that had to run has run. */
function planSandbox(pod: Pod, observed: ObservedPod): PodPlan {
  const [newest] = observed.sandboxes;
  const attempt = newest ? newest.metadata.attempt + 1 : 0;
  const regular = pod.spec?.containers ?? [];
  const neverRestarts = pod.spec?.restartPolicy === 'Never' && regular.every((spec) => !spec.restartPolicy);
  if (neverRestarts && attempt !== 0 && observed.containers.length > 0) return { ...nothing, endPod: true };
  const pending = regular.filter((spec) => !hasFinishedWell(pod, spec, latest(observed, spec.name)));
  const hasMadeRegular = regular.some((spec) => latest(observed, spec.name));
  if (pending.length === 0 && hasMadeRegular) return { ...nothing, endPod: true };
  return { ...nothing, createSandbox: attempt };
}

/** Of a container that runs until it succeeds: it has. */
function hasFinishedWell(pod: Pod, spec: ContainerSpec, newest: Container | undefined): boolean {
  return isExited(newest) && newest.exitCode === 0 && !restartsAfter(spec, pod, 0);
}

/**
 * Init containers run one after the other. Read from the last one backwards, because the records of earlier ones may be
 * gone: the latest that was ever made says how far the pod has come; sidecars before it are kept running.
 */
function planInit(input: PlanInput, draft: Draft): 'pending' | 'done' | 'failed' {
  const { pod, observed } = input;
  const specs = pod.spec?.initContainers ?? [];
  if (specs.length === 0) return 'done';
  let done = hasInitialized(pod, observed);
  let furthestSeen = done;
  const start: ContainerToStart[] = [];
  for (let index = specs.length - 1; index >= 0; index--) {
    const spec = specs[index] as ContainerSpec;
    const container = observed.containers.find(
      ({ name, sandboxId }) => name === spec.name && sandboxId === observed.sandboxes[0]?.id,
    );
    if (!container) {
      if (furthestSeen && isSidecar(spec)) start.unshift({ kind: 'init', spec });
      continue;
    }
    if (furthestSeen && !isSidecar(spec)) continue;
    const verdict = judgeInit(input, draft, spec, container);
    if (verdict === 'failed') return 'failed';
    if (verdict === 'again') start.unshift({ kind: 'init', spec });
    if (verdict === 'next' && !furthestSeen) {
      const next = specs[index + 1];
      if (next) start.unshift({ kind: 'init', spec: next });
      else done = true;
    }
    furthestSeen = true;
  }
  const [first] = specs;
  if (!furthestSeen && first) start.push({ kind: 'init', spec: first });
  draft.start.push(...start);
  return done ? 'done' : 'pending';
}

/** `next`: this one is through (or serves, for a sidecar); `again`: start it once more; `wait`: it is busy. */
function judgeInit(
  input: PlanInput,
  draft: Draft,
  spec: ContainerSpec,
  container: Container,
): 'next' | 'again' | 'wait' | 'failed' {
  if (isRunning(container)) return isSidecar(spec) ? judgeSidecar(input, draft, spec, container) : 'wait';
  if (isSidecar(spec) || !isExited(container)) return 'again';
  if (container.exitCode === 0) return 'next';
  return restartsAfter(spec, input.pod, container.exitCode) ? 'again' : 'failed';
}

function judgeSidecar(
  { startup, liveness, resize }: PlanInput,
  draft: Draft,
  spec: ContainerSpec,
  container: Container,
): 'next' | 'again' | 'wait' {
  const name = spec.name;
  const started = startup(container.id);
  const end = (message: string, reason?: KillReason) => {
    draft.kill.push({ container, spec, message, ...(reason && { reason }) });
    return 'again' as const;
  };
  if (started === 'failure') return end(`Init container ${name} failed startup probe`, 'startup');
  if (spec.startupProbe && started !== 'success') return 'wait';
  if (isChanged(spec, container)) return end(`Init container ${name} definition changed`);
  if (liveness(container.id) === 'failure') return end(`Init container ${name} failed liveness probe`, 'liveness');
  const change = resize(container, spec);
  if (change === 'restart') return end(`Init container ${name} resize requires restart`, 'resize');
  if (change === 'update') draft.resize.push({ container, spec });
  return 'next';
}

function planRegular(input: PlanInput, draft: Draft): PodPlan {
  const { pod, observed } = input;
  let kept = 0;
  let starting = 0;
  for (const spec of pod.spec?.containers ?? []) {
    const container = latest(observed, spec.name);
    if (!isRunning(container)) {
      if (!shouldStart(spec, pod, container)) continue;
      draft.start.push({ kind: 'regular', spec });
      starting++;
      continue;
    }
    const kill = reasonToKill(input, spec, container);
    if (!kill) {
      kept++;
      if (input.resize(container, spec) === 'update') draft.resize.push({ container, spec });
      continue;
    }
    const { restarts, ...rest } = kill;
    if (restarts) {
      draft.start.push({ kind: 'regular', spec });
      starting++;
    }
    const message = restarts ? `${rest.message}, will be restarted` : rest.message;
    draft.kill.push({ container, spec, ...rest, message });
  }
  // Nothing runs and nothing will: sidecars alone do not keep a pod alive.
  if (kept === 0 && starting === 0) return { ...nothing, endPod: true };
  return { endPod: false, ...draft };
}

function reasonToKill(
  { pod, liveness, startup, resize }: PlanInput,
  spec: ContainerSpec,
  container: Container,
): (Pick<ContainerToKill, 'message' | 'reason'> & { restarts: boolean }) | undefined {
  const { name } = spec;
  const restarts = restartsWhenKilled(spec, pod);
  if (isChanged(spec, container)) return { message: `Container ${name} definition changed`, restarts: true };
  if (liveness(container.id) === 'failure')
    return { message: `Container ${name} failed liveness probe`, reason: 'liveness', restarts };
  if (startup(container.id) === 'failure')
    return { message: `Container ${name} failed startup probe`, reason: 'startup', restarts };
  if (resize(container, spec) === 'restart')
    return { message: `Container ${name} resize requires restart`, reason: 'resize', restarts: true };
  return undefined;
}

function isChanged(spec: ContainerSpec, container: Container): boolean {
  const hash = container.annotations[annotation.hash];
  return hash !== undefined && hash !== containerHash(spec);
}
