import type { Container as ContainerSpec, ContainerStatus, Pod, PodStatus } from '@coracle/apimachinery/types/core-v1';
import { isSidecar } from './observed.ts';
import { restartsAfter } from './restart.ts';

export type PodPhase = NonNullable<PodStatus['phase']>;

/** A container as the phase sees it. `stopped` carries the last exit code. */
type Standing =
  | { readonly is: 'unknown' }
  | { readonly is: 'waiting' }
  | { readonly is: 'running'; readonly started: boolean }
  | { readonly is: 'stopped'; readonly exitCode: number };

/**
 * The pod's phase from the statuses of its containers. `isOver`: nothing will be started any more; `initialized`: a
 * regular container has been made in the present sandbox. Upstream's `getPhase`.
 */
export function podPhase(
  pod: Pod,
  statuses: readonly ContainerStatus[],
  { isOver, initialized }: { readonly isOver: boolean; readonly initialized: boolean },
): PodPhase {
  const standingOf = (spec: ContainerSpec) => standing(statuses.find(({ name }) => name === spec.name));
  const init = initStanding(pod, standingOf);
  if (init === 'failed') return 'Failed';
  const sidecars = sidecarStandings(pod, standingOf);
  const regular = (pod.spec?.containers ?? []).map((spec) => ({ spec, now: standingOf(spec) }));
  const everyone = [...sidecars, ...regular.map(({ now }) => now)];
  const count = (is: Standing['is']) => everyone.filter((one) => one.is === is).length;

  const sidecarsPending = sidecars.some((one) => one.is !== 'stopped' && !(one.is === 'running' && one.started));
  if (init === 'pending' || (sidecarsPending && !initialized) || count('waiting') > 0) return 'Pending';
  if (count('unknown') > 0) return 'Pending';
  if (count('running') > 0) return 'Running';

  const stopped = regular.flatMap(({ spec, now }) => (now.is === 'stopped' ? [{ spec, exitCode: now.exitCode }] : []));
  if (stopped.length === 0) return 'Pending';
  const willRestart = !isOver && stopped.some(({ spec, exitCode }) => restartsAfter(spec, pod, exitCode));
  if (willRestart) return 'Running';
  return stopped.every(({ exitCode }) => exitCode === 0) ? 'Succeeded' : 'Failed';
}

function standing(status: ContainerStatus | undefined): Standing {
  const { state, lastState, started } = status ?? {};
  if (state?.running) return { is: 'running', started: started === true };
  if (state?.terminated) return { is: 'stopped', exitCode: state.terminated.exitCode };
  if (!state?.waiting) return { is: 'unknown' };
  if (lastState?.terminated) return { is: 'stopped', exitCode: lastState.terminated.exitCode };
  return { is: 'waiting' };
}

type StandingOf = (spec: ContainerSpec) => Standing;

function initStanding(pod: Pod, standingOf: StandingOf): 'done' | 'pending' | 'failed' {
  let pending = false;
  for (const spec of pod.spec?.initContainers ?? []) {
    if (isSidecar(spec)) continue;
    const now = standingOf(spec);
    if (now.is !== 'stopped') pending = true;
    else if (now.exitCode !== 0 && !restartsAfter(spec, pod, now.exitCode)) return 'failed';
  }
  return pending ? 'pending' : 'done';
}

function sidecarStandings(pod: Pod, standingOf: StandingOf): readonly Standing[] {
  return (pod.spec?.initContainers ?? []).filter(isSidecar).map(standingOf);
}
