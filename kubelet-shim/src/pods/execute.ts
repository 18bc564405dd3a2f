import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { RuntimeFailure, type SandboxConfig } from '../runtime/index.ts';
import type { BackOff } from './back-off.ts';
import type { WaitingReason } from './container-statuses.ts';
import { isExited, isHostNetwork, isReady, isSidecar, podLabel } from './observed.ts';
import type { ContainerToKill, ContainerToStart, PodPlan } from './plan.ts';
import type { PodObserver } from './pod-observer.ts';
import { type PodServices, StartProblem } from './pod-services.ts';
import { startContainer } from './start-container.ts';
import { findSpec, graceSecondsOf, stopContainer } from './stop-containers.ts';

export interface ExecuteRequest {
  readonly pod: Pod;
  readonly plan: PodPlan;
  readonly observer: PodObserver;
  readonly backOff: BackOff;
  /** Written here: why which container waits, and until when it is not tried again. */
  readonly waiting: Map<string, WaitingReason>;
  readonly retryAt: Map<string, number>;
  readonly knownRestarts: (name: string) => number;
  readonly signal: AbortSignal;
  /** Looks at the runtime again and publishes the status. */
  readonly report: () => Promise<void>;
}

export interface ExecuteOutcome {
  /** When to try again what could not be done now. */
  readonly retryAfterMs?: number;
}

/** How often a start that failed for other reasons than crashing is tried again: upstream's backOffPeriod. */
const retryMs = 10_000;
/** Instances of a container that keep their record and log: the present one and the one before. */
const instancesKept = 2;

/** Carries out one plan, in the order of its fields. Throws only where the whole pod cannot go on. */
export async function executePlan(services: PodServices, request: ExecuteRequest): Promise<ExecuteOutcome> {
  const { plan, observer, report } = request;
  if (plan.createSandbox !== undefined) {
    await createSandbox(services, request, plan.createSandbox);
    await report();
    // The new sandbox decides anew what may start in it.
    return { retryAfterMs: 0 };
  }
  await Promise.all(plan.kill.map((kill) => killContainer(services, request, kill)));
  for (const { container, spec } of plan.resize) await services.configs.applyResources(container, request.pod, spec);
  if (plan.kill.length > 0) await observer.refresh();
  if (plan.start.length === 0) return {};
  return startContainers(services, request);
}

async function createSandbox(services: PodServices, request: ExecuteRequest, attempt: number): Promise<void> {
  const { pod, observer } = request;
  if (attempt > 0) {
    services.events.normal(pod, 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
    await endPreviousSandboxes(services, request);
  }
  await services.files.prepare(pod);
  try {
    const config = await services.configs.sandbox(pod, attempt);
    observer.addSandbox(await services.runtime.runSandbox(config));
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    services.events.warning(pod, 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${detail}`);
    throw error;
  }
}

async function endPreviousSandboxes(services: PodServices, { pod, observer }: ExecuteRequest): Promise<void> {
  for (const { id, state } of observer.observed.containers) {
    if (state !== 'CONTAINER_RUNNING') continue;
    await services.runtime.stopContainer(id, graceSecondsOf(pod));
    observer.note({ kind: 'other', id });
  }
  for (const sandbox of observer.observed.sandboxes) {
    await services.runtime.stopSandbox(sandbox.id);
    observer.note({ kind: 'other', id: sandbox.id });
  }
  await observer.refresh();
}

async function killContainer(services: PodServices, request: ExecuteRequest, kill: ContainerToKill): Promise<void> {
  const { pod, observer } = request;
  const { container, spec, message, reason } = kill;
  const { kind } = findSpec(pod, spec.name);
  const probe = reason === 'liveness' ? spec.livenessProbe : reason === 'startup' ? spec.startupProbe : undefined;
  const graceSeconds = graceSecondsOf(pod, probe?.terminationGracePeriodSeconds);
  await stopContainer(services, {
    pod,
    container,
    spec,
    kind,
    graceSeconds,
    message,
    podIP: podIPsOf(services, request)[0] ?? '',
  });
  observer.note({ kind: 'other', id: container.id });
}

async function startContainers(services: PodServices, request: ExecuteRequest): Promise<ExecuteOutcome> {
  const { pod, plan, observer, signal } = request;
  const sandbox = observer.observed.sandboxes.find(isReady);
  if (!sandbox) return { retryAfterMs: 0 };
  const config = await services.configs.sandbox(pod, sandbox.metadata.attempt);
  let retryAfterMs: number | undefined;
  for (const one of plan.start) {
    signal.throwIfAborted();
    const delay = await startOne(services, request, one, { id: sandbox.id, config });
    if (delay !== undefined) retryAfterMs = Math.min(retryAfterMs ?? delay, delay);
    // What follows an init container needs it; a sidecar only has to be tried before the others.
    if (delay !== undefined && one.kind === 'init' && !isSidecar(one.spec)) break;
  }
  return retryAfterMs === undefined ? {} : { retryAfterMs };
}

/** Resolves to the delay of the next try, or to nothing where the container runs. */
async function startOne(
  services: PodServices,
  request: ExecuteRequest,
  one: ContainerToStart,
  sandbox: { readonly id: string; readonly config: SandboxConfig },
): Promise<number | undefined> {
  const { pod, observer, waiting, retryAt, signal, report } = request;
  const { clock, log } = services.environment;
  const { name } = one.spec;
  const left = (retryAt.get(name) ?? 0) - clock.now();
  if (left > 0) return left;
  try {
    await startContainer(services, {
      ...one,
      pod,
      sandboxId: sandbox.id,
      sandbox: sandbox.config,
      podIPs: podIPsOf(services, request),
      knownRestarts: request.knownRestarts(name),
      observer,
      backOff: request.backOff,
      signal,
      onStarted: async () => {
        waiting.delete(name);
        await report();
        await prune(services, observer, name);
      },
    });
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    const { reason, message } = problemOf(error);
    waiting.set(name, { reason, message });
    await report();
    log.info('container waits', { pod: podLabel(pod), container: name, reason, text: message });
    const delay = reason === 'CrashLoopBackOff' ? crashDelay(request, name, clock.now()) : retryMs;
    retryAt.set(name, clock.now() + delay);
    return delay;
  }
}

function crashDelay({ observer, backOff }: ExecuteRequest, name: string, now: number): number {
  const ended = observer.observed.containers.find((container) => container.name === name && isExited(container));
  return ended ? backOff.remaining(name, ended.finishedAt, now) : 0;
}

function problemOf(error: unknown): { reason: string; message: string } {
  if (error instanceof StartProblem) return { reason: error.reason, message: error.message };
  if (error instanceof RuntimeFailure) return { reason: 'RunContainerError', message: error.message };
  return { reason: 'CreateContainerError', message: error instanceof Error ? error.message : String(error) };
}

function podIPsOf(services: PodServices, { pod, observer }: ExecuteRequest): readonly string[] {
  if (isHostNetwork(pod)) return services.hostIPs();
  return observer.observed.sandboxes.find(isReady)?.ips ?? [];
}

/** Removes instances before the last two, and sandboxes that have none left. */
async function prune(services: PodServices, observer: PodObserver, name: string): Promise<void> {
  const instances = observer.observed.containers.filter((container) => container.name === name);
  for (const { id } of instances.slice(instancesKept)) {
    await services.runtime.removeContainer(id);
    services.configs.forget([id]);
    observer.removeContainer(id);
  }
  for (const sandbox of observer.observed.sandboxes.slice(1)) {
    if (observer.observed.containers.some(({ sandboxId }) => sandboxId === sandbox.id)) continue;
    await services.runtime.removeSandbox(sandbox.id);
    observer.removeSandbox(sandbox.id);
  }
}
