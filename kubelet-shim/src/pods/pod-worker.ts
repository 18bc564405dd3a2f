import type { Timer } from '@coracle/apimachinery/clock';
import type { Pod, PodStatus } from '@coracle/apimachinery/types/core-v1';
import type { RuntimeEvent } from '../runtime/index.ts';
import { createBackOff } from './back-off.ts';
import type { ResizeState } from './conditions.ts';
import type { WaitingReason } from './container-statuses.ts';
import { executePlan } from './execute.ts';
import { activeContainers, isReady, isRunning, latest, nothingObserved, type ObservedPod } from './observed.ts';
import { planPod } from './plan.ts';
import { createPodObserver } from './pod-observer.ts';
import { type PodServices, type ResizeRefusal, type RunningContainer, StartProblem } from './pod-services.ts';
import { StatusHold } from './status-hold.ts';
import { isTerminal, podStatus } from './status.ts';
import { findSpec, graceSecondsOf, stopAllContainers } from './stop-containers.ts';
import { fromTime, toTime } from './time.ts';

/**
 * Brings one pod to where its spec wants it: look, plan, act, report, one pass at a time. It sleeps until something
 * happens: a change in the API, an event of the runtime, a probe's verdict, or a delay that it set itself.
 */
export interface PodWorker {
  readonly uid: string;
  readonly pod: Pod;
  readonly observed: ObservedPod;
  /** Its containers have ended for good: it uses nothing of the node any more. */
  readonly isOver: boolean;
  /** It has been told to fail and is being ended. */
  readonly isFailing: boolean;
  /** The status as it was last reported. */
  readonly status: PodStatus;
  update(pod: Pod): void;
  /** The API has no such pod any more: it is ended without further ado. */
  gone(): void;
  note(event: RuntimeEvent): void;
  /** The container has ended and waits to be started again. */
  isWaiting(name: string): boolean;
  /** Calls back after each look at the runtime; returns how to stop that. */
  onChange(callback: () => void): () => void;
  /** The node takes the pod's resources back: it fails with this reason. */
  evict(failure: Failure): void;
  /** Settles once nothing of the pod is left on the node. */
  readonly removed: Promise<void>;
  /** Ends the work and leaves the containers as they are: the next agent finds them. */
  stop(): Promise<void>;
}

export interface Failure {
  readonly reason: string;
  readonly message: string;
  readonly graceSeconds?: number;
  /** The node ends it for its own sake: the pod gets the condition DisruptionTarget. */
  readonly isDisruption?: boolean;
}

export interface PodWorkerOptions {
  readonly pod: Pod;
  /** What an agent before this one has left. */
  readonly found?: ObservedPod;
  readonly own: (id: string) => void;
  readonly disown: (id: string) => void;
}

const retryInitialMs = 500;
const retryMaxMs = 10_000;
/** Room may come without this pod being told. */
const deferredResizeMs = 10_000;
const deadlineMessage = 'Pod was active on the node longer than the specified deadline';

export function startPodWorker(services: PodServices, options: PodWorkerOptions): PodWorker {
  const worker = new Worker(services, options);
  worker.wake();
  return worker;
}

class Worker implements PodWorker {
  readonly uid: string;
  readonly removed: Promise<void>;
  pod: Pod;
  readonly #services: PodServices;
  readonly #observer;
  readonly #volumes;
  readonly #probes;
  readonly #backOff = createBackOff();
  readonly #waiting = new Map<string, WaitingReason>();
  /** When a container that could not be started is tried again; by name. */
  readonly #retryAt = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  readonly #hold: StatusHold;
  readonly #seenAt: number;
  #status: PodStatus;
  #failure: Failure | undefined;
  #resize: ResizeState | undefined;
  #admitted = false;
  #isGone = false;
  #stopped = false;
  /** All containers have ended and their last status is on its way. */
  #isOver = false;
  #endingGrace: number | undefined;
  #pass = new AbortController();
  #running: Promise<void> | undefined;
  #wanted = false;
  #retryDelayMs = retryInitialMs;
  #timer: Timer | undefined;
  #deadline: Timer | undefined;
  #resolveRemoved = () => {};

  constructor(services: PodServices, { pod, found = nothingObserved, own, disown }: PodWorkerOptions) {
    const { clock } = services.environment;
    const changed = () => this.wake();
    this.#services = services;
    this.#hold = new StatusHold(services.statuses, clock);
    this.uid = pod.metadata?.uid ?? '';
    this.pod = pod;
    this.#status = pod.status ?? {};
    this.#seenAt = clock.now();
    this.#admitted = found.containers.length > 0;
    this.#observer = createPodObserver({ ...services, clock, own, disown, changed }, found);
    this.#volumes = services.volumes(pod);
    this.#volumes.onChange(() => this.#retryNow());
    this.#probes = services.probes(pod, changed);
    this.removed = new Promise((resolve) => {
      this.#resolveRemoved = resolve;
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get isFailing(): boolean {
    return this.#failure !== undefined;
  }

  get status(): PodStatus {
    return this.#status;
  }

  get observed(): ObservedPod {
    return this.#observer.observed;
  }

  update(pod: Pod): void {
    const { deletionTimestamp, generation } = this.pod.metadata ?? {};
    const wasDeleted = deletionTimestamp !== undefined;
    // Most updates are this agent's own reports coming back.
    if (generation !== pod.metadata?.generation) this.#retryAt.clear();
    this.pod = pod;
    if (pod.metadata?.deletionTimestamp) {
      if (!wasDeleted) this.#pass.abort(new Error('the pod is being deleted'));
      this.#hurry(graceSecondsOf(pod));
    }
    this.wake();
  }

  gone(): void {
    this.#isGone = true;
    this.#pass.abort(new Error('the pod is gone'));
    this.#hurry(graceSecondsOf({ ...this.pod, metadata: { ...this.pod.metadata, deletionTimestamp: 'now' } }));
    this.wake();
  }

  note(event: RuntimeEvent): void {
    this.#observer.note(event);
  }

  isWaiting(name: string): boolean {
    return this.#waiting.has(name);
  }

  onChange(callback: () => void): () => void {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  evict(failure: Failure): void {
    this.#failure ??= failure;
    this.#pass.abort(new Error(failure.message));
    this.wake();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#pass.abort(new Error('the node agent stops'));
    this.#timer?.cancel();
    this.#deadline?.cancel();
    this.#hold.cancel();
    this.#probes.stop();
    if (this.#endingGrace === undefined) await this.#running;
  }

  wake(): void {
    this.#wanted = true;
    if (this.#stopped) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#wanted && !this.#stopped) this.wake();
    });
  }

  /** Something that containers wait for may have come. */
  #retryNow(): void {
    this.#retryAt.clear();
    this.wake();
  }

  async #run(): Promise<void> {
    while (this.#wanted && !this.#stopped) {
      this.#wanted = false;
      this.#timer?.cancel();
      if (this.#pass.signal.aborted) this.#pass = new AbortController();
      try {
        await this.#observer.refresh();
        const isFinal = this.#isGone || this.pod.metadata?.deletionTimestamp !== undefined;
        if (isFinal) await this.#remove();
        else if (this.#mustFinish()) await this.#finish();
        else await this.#sync();
      } catch (error) {
        if (this.#pass.signal.aborted) this.#wanted = true;
        else this.#retryLater(error);
      }
    }
  }

  #retryLater(error: unknown): void {
    const { log } = this.#services.environment;
    const { namespace, name } = this.pod.metadata ?? {};
    log.warn('pod not in its desired state yet', { pod: `${namespace}/${name}`, error: String(error) });
    this.#wakeAfter(this.#retryDelayMs);
    this.#retryDelayMs = Math.min(this.#retryDelayMs * 2, retryMaxMs);
  }

  #wakeAfter(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#services.environment.clock.after(delayMs, () => this.wake());
  }

  #mustFinish(): boolean {
    if (!this.#failure) this.#checkAdmission();
    if (!this.#failure) this.#checkDeadline();
    return this.#failure !== undefined || isTerminal(this.pod.status) || isTerminal(this.#status);
  }

  #checkAdmission(): void {
    if (this.#admitted) return;
    this.#admitted = true;
    const rejection = isTerminal(this.pod.status) ? undefined : this.#services.admit(this.pod);
    if (!rejection) return;
    const { reason, message = '' } = rejection;
    this.#services.events.warning(this.pod, reason, message);
    this.#failure = { reason, message: `Pod was rejected: ${message}` };
  }

  #checkDeadline(): void {
    const seconds = this.pod.spec?.activeDeadlineSeconds;
    const startTime = this.pod.status?.startTime ?? this.#status.startTime;
    if (seconds === undefined || startTime === undefined) return;
    const { clock } = this.#services.environment;
    const left = fromTime(startTime) + seconds * 1000 - clock.now();
    this.#deadline?.cancel();
    if (left > 0) {
      this.#deadline = clock.after(left, () => this.wake());
      return;
    }
    this.#services.events.normal(this.pod, 'DeadlineExceeded', deadlineMessage);
    this.#failure = { reason: 'DeadlineExceeded', message: deadlineMessage };
  }

  async #sync(): Promise<void> {
    const { signal } = this.#pass;
    const services = this.#services;
    const refusal = this.#refuseResize();
    const plan = planPod({
      pod: this.pod,
      observed: this.observed,
      liveness: (id) => this.#probes.liveness(id),
      startup: (id) => this.#probes.startup(id),
      resize: (container, spec) => (refusal ? 'none' : services.configs.resourceChange(container, this.pod, spec)),
    });
    const isResizing = plan.resize.length > 0 || plan.kill.some(({ reason }) => reason === 'resize');
    this.#resize = refusal
      ? { type: 'PodResizePending', ...refusal }
      : isResizing
        ? { type: 'PodResizeInProgress' }
        : undefined;
    this.#publish();
    if (plan.endPod) return this.#finish();
    try {
      await this.#volumes.mount(this.pod, signal);
    } catch (error) {
      if (error instanceof StartProblem) services.events.warning(this.pod, error.reason, error.message);
      throw error;
    }
    const outcome = await executePlan(services, {
      pod: this.pod,
      plan,
      observer: this.#observer,
      backOff: this.#backOff,
      waiting: this.#waiting,
      retryAt: this.#retryAt,
      knownRestarts: (name) => this.#knownRestarts(name),
      signal,
      report: () => this.#look(),
    });
    this.#retryDelayMs = retryInitialMs;
    if (isResizing) this.#resize = undefined;
    await this.#look();
    if (refusal?.reason === 'Deferred') this.#wakeAfter(deferredResizeMs);
    if (outcome.retryAfterMs !== undefined && !this.#wanted) this.#wakeAfter(outcome.retryAfterMs);
  }

  /** Asked only when a running container is to have other resources than it has. */
  #refuseResize(): ResizeRefusal | undefined {
    const { configs, admitResize, events } = this.#services;
    const isWanted = this.#runningContainers().some(
      ({ container, spec }) => configs.resourceChange(container, this.pod, spec) !== 'none',
    );
    const refusal = isWanted ? admitResize(this.pod) : undefined;
    if (refusal && this.#resize?.message !== refusal.message)
      events.warning(this.pod, `Resize${refusal.reason}`, refusal.message);
    return refusal;
  }

  /** Runs of a container that the runtime has no record of any more. */
  #knownRestarts(name: string): number {
    const statuses = [...(this.#status.containerStatuses ?? []), ...(this.#status.initContainerStatuses ?? [])];
    const status = statuses.find((one) => one.name === name);
    return status?.containerID === undefined ? (status?.restartCount ?? 0) : status.restartCount + 1;
  }

  /** Looks again and reports. */
  async #look(): Promise<void> {
    await this.#observer.refresh();
    this.#publish();
  }

  #publish(): void {
    const services = this.#services;
    this.#probes.sync(this.pod, this.#isOver ? [] : this.#runningContainers());
    const status = podStatus({
      pod: this.pod,
      observed: this.observed,
      previous: this.#status,
      waiting: this.#waiting,
      startup: (id) => this.#probes.startup(id),
      readiness: (id) => this.#probes.readiness(id),
      isOver: this.#isOver,
      failure: this.#failure,
      hostIPs: services.hostIPs(),
      runtimeName: services.runtimeName,
      seenAt: this.#seenAt,
      now: services.environment.clock.now(),
      resources: (spec, running) => services.configs.resourceStatus(this.pod, spec, running),
      resize: this.#resize,
    });
    this.#hold.set(this.pod, this.#status, status);
    this.#status = status;
    for (const listener of this.#listeners) listener();
  }

  #runningContainers(): RunningContainer[] {
    const podIP = this.#podIP();
    return activeContainers(this.observed)
      .filter(isRunning)
      .flatMap((container) => {
        const { spec, kind } = findSpec(this.pod, container.name);
        return spec && latest(this.observed, container.name) === container ? [{ spec, kind, container, podIP }] : [];
      });
  }

  #podIP(): string {
    const sandbox = this.observed.sandboxes.find(isReady);
    return this.pod.spec?.hostNetwork ? (this.#services.hostIPs()[0] ?? '') : (sandbox?.ips[0] ?? '');
  }

  /** The pod is over but stays in the API: containers keep their records and logs until it is deleted. */
  async #finish(): Promise<void> {
    if (this.#isOver) return;
    if (this.#failure && this.observed.sandboxes.length === 0 && !isTerminal(this.#status)) return this.#reject();
    await this.#endContainers(this.#failure?.graceSeconds ?? graceSecondsOf(this.pod));
    await this.#volumes.unmount();
    await this.#services.cgroups.remove(this.pod);
  }

  /** Nothing ever ran here. */
  #reject(): void {
    const { reason = '', message = '' } = this.#failure ?? {};
    this.#isOver = true;
    const failed = { ...this.#status, phase: 'Failed', reason, message, startTime: toTime(this.#seenAt) };
    this.#hold.set(this.pod, this.#status, failed);
    this.#status = failed;
  }

  /** The pod is deleted: when its containers have ended it leaves the node, then the API. */
  async #remove(): Promise<void> {
    const { pod } = this;
    const services = this.#services;
    if (!this.#isOver) await this.#endContainers(graceSecondsOf(pod));
    this.#probes.stop();
    this.#deadline?.cancel();
    this.#hold.cancel();
    await this.#volumes.unmount();
    for (const { id } of this.observed.sandboxes) {
      await services.runtime.stopSandbox(id);
      await services.runtime.removeSandbox(id);
      this.#observer.removeSandbox(id);
    }
    services.configs.forget(this.observed.containers.map(({ id }) => id));
    for (const { id } of this.observed.containers) {
      await services.runtime.removeContainer(id);
      this.#observer.removeContainer(id);
    }
    await services.cgroups.remove(pod);
    await services.files.remove(pod);
    services.images.forget(this.uid);
    services.forget(this.uid);
    if (!this.#isGone) {
      await services.statuses.flushed(pod);
      await services.statuses.remove(pod);
    }
    services.statuses.forget(this.uid);
    this.#stopped = true;
    this.#resolveRemoved();
  }

  async #endContainers(graceSeconds: number): Promise<void> {
    const services = this.#services;
    this.#endingGrace = graceSeconds;
    this.#probes.stopLivenessAndStartup();
    if (!this.#isGone && this.pod.metadata?.deletionTimestamp) this.#publish();
    const request = { pod: this.pod, observed: this.observed, graceSeconds, podIP: this.#podIP() };
    await stopAllContainers(services, request);
    for (const container of this.observed.containers) this.#observer.note({ kind: 'other', id: container.id });
    await this.#observer.refresh();
    if (this.observed.containers.some(isRunning)) throw new Error('the runtime still has running containers');
    for (const { id } of this.observed.sandboxes.filter(isReady)) {
      await services.runtime.stopSandbox(id);
      this.#observer.note({ kind: 'other', id });
    }
    await this.#observer.refresh();
    this.#endingGrace = undefined;
    this.#isOver = true;
    if (!this.#isGone) this.#publish();
  }

  /** A second deletion may ask for less time than the first. */
  #hurry(graceSeconds: number): void {
    if (this.#endingGrace === undefined || graceSeconds >= this.#endingGrace) return;
    this.#endingGrace = graceSeconds;
    for (const { id } of this.observed.containers.filter(isRunning)) {
      this.#services.runtime.stopContainer(id, graceSeconds).catch(() => {});
    }
  }
}
