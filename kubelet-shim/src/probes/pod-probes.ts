import type { Timer } from '@coracle/apimachinery/clock';
import type { Environment } from '@coracle/apimachinery/component';
import type { Container as ContainerSpec, Pod, Probe } from '@coracle/apimachinery/types/core-v1';
import { isSidecar } from '../pods/observed.ts';
import type { ProbeVerdict } from '../pods/plan.ts';
import type { PodEvents, PodProbes, RunningContainer } from '../pods/pod-services.ts';
import type { ContainerRuntime } from '../runtime/index.ts';
import { type ProbeResult, runProbe } from './handlers.ts';
import { initialProbeState, nextProbeState, type ProbeState, type ProbeType } from './probe-state.ts';

export interface PodProbesDependencies {
  readonly environment: Environment;
  readonly runtime: ContainerRuntime;
  readonly events: PodEvents;
}

interface Asker {
  readonly type: ProbeType;
  readonly probe: Probe;
  readonly target: RunningContainer;
  state: ProbeState;
  timer: Timer | undefined;
  stopped: boolean;
}

const probeTypes: readonly ProbeType[] = ['startup', 'liveness', 'readiness'];
const fieldOf = { startup: 'startupProbe', liveness: 'livenessProbe', readiness: 'readinessProbe' } as const;
const defaultPeriodSeconds = 10;
/** A probe whose question fails is asked again this often at once. */
const triesMax = 3;

/** Asks the containers of one pod; `changed` is called when a verdict is another one than before. */
export function createPodProbes(dependencies: PodProbesDependencies, first: Pod, changed: () => void): PodProbes {
  const { clock } = dependencies.environment;
  const askers = new Map<string, Asker>();
  let pod = first;
  let onlyReadiness = false;

  const keyOf = (id: string, type: ProbeType) => `${type} ${id}`;

  const stop = (asker: Asker): void => {
    asker.stopped = true;
    asker.timer?.cancel();
  };

  const schedule = (asker: Asker, delayMs: number): void => {
    asker.timer?.cancel();
    if (asker.stopped) return;
    asker.timer = clock.after(Math.max(0, delayMs), () => void ask(asker));
  };

  const hasStarted = ({ target }: Asker): boolean => {
    const startup = askers.get(keyOf(target.container.id, 'startup'));
    return !startup || startup.state.verdict === 'success';
  };

  const ask = async (asker: Asker): Promise<void> => {
    // The startup probe wakes the others once it has succeeded.
    if (asker.type !== 'startup' && !hasStarted(asker)) return;
    const answer = await askWithRetries(dependencies, asker);
    if (asker.stopped) return;
    if (answer) report(asker, answer);
    const isSettled = asker.state.onHold || (asker.type === 'startup' && asker.state.verdict === 'success');
    if (!isSettled) schedule(asker, (asker.probe.periodSeconds ?? defaultPeriodSeconds) * 1000);
  };

  const report = (asker: Asker, { result, output }: ProbeResult): void => {
    const { type, probe, target } = asker;
    const who = { kind: target.kind, name: target.spec.name };
    const name = `${type.slice(0, 1).toUpperCase()}${type.slice(1)}`;
    if (result === 'failure') dependencies.events.warning(pod, 'Unhealthy', `${name} probe failed: ${output}`, who);
    if (result === 'warning') dependencies.events.warning(pod, 'ProbeWarning', `${name} probe warning: ${output}`, who);
    const before = asker.state.verdict;
    const thresholds = { success: probe.successThreshold ?? 1, failure: probe.failureThreshold ?? 3 };
    asker.state = nextProbeState(type, asker.state, result === 'failure' ? 'failure' : 'success', thresholds);
    if (asker.state.verdict === before) return;
    if (type === 'startup' && asker.state.verdict === 'success') wakeOthers(target);
    changed();
  };

  const wakeOthers = ({ container }: RunningContainer): void => {
    for (const type of ['liveness', 'readiness'] as const) {
      const asker = askers.get(keyOf(container.id, type));
      if (asker) schedule(asker, firstDelay(asker));
    }
  };

  const firstDelay = ({ probe, target }: Asker): number =>
    target.container.startedAt + (probe.initialDelaySeconds ?? 0) * 1000 - clock.now();

  const begin = (target: RunningContainer, type: ProbeType): void => {
    const probe = target.spec[fieldOf[type]];
    const key = keyOf(target.container.id, type);
    if (!probe || askers.has(key)) return;
    const asker: Asker = { type, probe, target, state: initialProbeState(type), timer: undefined, stopped: false };
    askers.set(key, asker);
    schedule(asker, firstDelay(asker));
  };

  const verdict = (id: string, type: ProbeType): ProbeVerdict | undefined => askers.get(keyOf(id, type))?.state.verdict;

  return {
    sync(latest, running) {
      pod = latest;
      const alive = new Set(running.map(({ container }) => container.id));
      for (const [key, asker] of askers) {
        if (alive.has(asker.target.container.id)) continue;
        stop(asker);
        askers.delete(key);
      }
      for (const target of running) {
        if (!isProbed(target.spec, target.kind)) continue;
        for (const type of probeTypes) if (!onlyReadiness || type === 'readiness') begin(target, type);
      }
    },
    liveness: (id) => verdict(id, 'liveness'),
    startup: (id) => verdict(id, 'startup'),
    readiness: (id) => verdict(id, 'readiness'),
    stopLivenessAndStartup() {
      onlyReadiness = true;
      for (const asker of askers.values()) if (asker.type !== 'readiness') stop(asker);
    },
    stop() {
      for (const asker of askers.values()) stop(asker);
      askers.clear();
    },
  };
}

function isProbed(spec: ContainerSpec, kind: RunningContainer['kind']): boolean {
  return kind === 'regular' || (kind === 'init' && isSidecar(spec));
}

async function askWithRetries(
  { environment, runtime }: PodProbesDependencies,
  { probe, target }: Asker,
): Promise<ProbeResult | undefined> {
  const { spec, container, podIP } = target;
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  for (let attempt = 1; ; attempt++) {
    try {
      const place = { spec, containerId: container.id, podIP };
      return await runProbe({ clock: environment.clock, runtime }, probe, place, timeoutMs);
    } catch (error) {
      if (attempt < triesMax) continue;
      environment.log.warn('a probe could not be asked', { container: spec.name, error: String(error) });
      return undefined;
    }
  }
}

/** For containers that only pretend: every probe is content at once. */
export function createContentProbes(): PodProbes {
  return {
    sync: () => {},
    liveness: () => 'success',
    startup: () => 'success',
    readiness: () => 'success',
    stopLivenessAndStartup: () => {},
    stop: () => {},
  };
}
