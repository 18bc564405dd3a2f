import type { Container as ContainerSpec, Pod } from '@coracle/apimachinery/types/core-v1';
import type { Container } from '../runtime/index.ts';
import { annotation, ephemeralContainers, isRunning, isSidecar, type ObservedPod } from './observed.ts';
import type { ContainerKind } from './plan.ts';
import type { PodServices } from './pod-services.ts';

export interface StopRequest {
  readonly pod: Pod;
  readonly container: Container;
  readonly spec: ContainerSpec | undefined;
  readonly kind: ContainerKind;
  readonly graceSeconds: number;
  readonly message: string;
  readonly podIP: string;
}

/** A hook that took the whole grace period leaves the container this much (upstream's minimumGracePeriodInSeconds). */
const minimumGraceSeconds = 2;

/** Killing event, preStop hook within the grace period, then the signal with what is left of it. */
export async function stopContainer(services: PodServices, request: StopRequest): Promise<void> {
  const { pod, container, kind, message } = request;
  services.events.normal(pod, 'Killing', message, { kind, name: container.name });
  const left = await runPreStop(services, request);
  await services.runtime.stopContainer(container.id, left);
}

async function runPreStop(services: PodServices, request: StopRequest): Promise<number> {
  const { pod, container, spec, kind, graceSeconds, podIP } = request;
  if (!spec?.lifecycle?.preStop || graceSeconds <= 0) return graceSeconds;
  const { clock } = services.environment;
  const begin = clock.monotonic();
  const overtime = new AbortController();
  const timer = clock.after(graceSeconds * 1000, () => overtime.abort(new Error('the grace period is over')));
  const fine = await services.hooks.preStop(pod, spec, { spec, kind, container, podIP }, overtime.signal);
  timer.cancel();
  if (!fine) services.events.warning(pod, 'FailedPreStopHook', 'PreStopHook failed', { kind, name: container.name });
  const used = Math.floor((clock.monotonic() - begin) / 1000);
  return Math.max(minimumGraceSeconds, graceSeconds - used);
}

export interface StopAllRequest {
  readonly pod: Pod;
  readonly observed: ObservedPod;
  readonly graceSeconds: number;
  readonly podIP: string;
}

/** Everything at once, except that sidecars outlive the others and end in reverse order (KEP-753). */
export async function stopAllContainers(services: PodServices, request: StopAllRequest): Promise<void> {
  const { pod, observed, graceSeconds, podIP } = request;
  const { clock } = services.environment;
  const begin = clock.monotonic();
  const stop = (container: Container) => {
    const { spec, kind } = findSpec(pod, container.name);
    const used = Math.floor((clock.monotonic() - begin) / 1000);
    const grace = Math.max(graceSeconds - used, Math.min(graceSeconds, minimumGraceSeconds));
    const message = `Stopping container ${container.name}`;
    return stopContainer(services, { pod, container, spec, kind, graceSeconds: grace, message, podIP });
  };
  const running = observed.containers.filter(
    (container) => isRunning(container) || container.state === 'CONTAINER_UNKNOWN',
  );
  const sidecarOrder = (pod.spec?.initContainers ?? []).filter(isSidecar).map(({ name }) => name);
  const isLate = ({ name }: Container) => sidecarOrder.includes(name);
  await Promise.all(running.filter((container) => !isLate(container)).map(stop));
  const late = running.filter(isLate).sort((a, b) => sidecarOrder.indexOf(b.name) - sidecarOrder.indexOf(a.name));
  for (const container of late) await stop(container);
}

export function findSpec(pod: Pod, name: string): { spec: ContainerSpec | undefined; kind: ContainerKind } {
  const of = (specs: readonly ContainerSpec[] | undefined) => specs?.find((spec) => spec.name === name);
  const regular = of(pod.spec?.containers);
  if (regular) return { spec: regular, kind: 'regular' };
  const init = of(pod.spec?.initContainers);
  if (init) return { spec: init, kind: 'init' };
  return { spec: of(ephemeralContainers(pod)), kind: 'ephemeral' };
}

/**
 * The grace period of a pod that is being ended: what the deletion asks for, else what the pod, or the failed probe, has.
 * At least a second, because 0 means "do not wait" only to the API.
 */
export function graceSecondsOf(pod: Pod, probeGraceSeconds?: number): number {
  const deletion = pod.metadata?.deletionGracePeriodSeconds;
  const asked = pod.metadata?.deletionTimestamp ? deletion : probeGraceSeconds;
  return Math.max(1, asked ?? pod.spec?.terminationGracePeriodSeconds ?? defaultGraceSeconds);
}

const defaultGraceSeconds = 30;

/** The same for a container whose pod is no longer known: from what it was labelled with. */
export function graceSecondsOfOrphan(container: Container): number {
  return Math.max(1, Number(container.annotations[annotation.podTerminationGracePeriod] ?? 1));
}
