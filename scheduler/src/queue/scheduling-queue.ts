import type { Clock, Timer } from '@coracle/apimachinery/clock';
import type { PodInfo } from '../cache/pod-info.ts';
import type { ClusterEvent } from '../framework/cluster-event.ts';
import type { Plugin, QueueingHint } from '../framework/plugin.ts';
import { Heap } from './heap.ts';
import { type QueuedPod, queuedPod } from './queued-pod.ts';

export interface QueueOptions {
  readonly backoffInitialMs?: number;
  readonly backoffMaxMs?: number;
  /** How long a pod is left alone at most when nothing happens that may help it. */
  readonly parkedMaxMs?: number;
}

export interface QueueDependencies {
  readonly clock: Clock;
  readonly plugins: readonly Plugin[];
  /** Called when there is something to `pop`. */
  readonly onReady: () => void;
}

interface OwnedHint extends QueueingHint {
  readonly plugin: string;
}

/**
 * Pods without a node. *Active* ones are tried in order of priority, then age; ones that failed *back off*, and those that no
 * node fits are *parked* until an event comes that a plugin which rejected them thinks may help.
 *
 * A cycle runs without giving up the thread, so no event can slip between its verdict and the parking of its pod; what
 * upstream keeps of events in flight is not needed. When nothing is active, a pod that backs off after finding no node is
 * tried early (KEP-5142); one that backs off after an error waits its time out.
 */
export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #plugins: readonly Plugin[];
  readonly #hints = new Map<string, OwnedHint[]>();
  /** What may happen to a resource that some plugin wants to hear of. */
  readonly #actionsOfInterest = new Map<string, number>();
  readonly #onReady: () => void;
  readonly #backoffInitialMs: number;
  readonly #backoffMaxMs: number;
  readonly #parkedMaxMs: number;
  readonly #active = new Heap<QueuedPod>(uidOf, isMoreUrgent);
  readonly #backingOff = new Heap<QueuedPod>(uidOf, endsEarlier);
  readonly #backingOffAfterError = new Heap<QueuedPod>(uidOf, endsEarlier);
  readonly #parked = new Map<string, QueuedPod>();
  #backoffTimer: { readonly due: number; readonly timer: Timer } | undefined;
  #flushTimer: Timer | undefined;
  #nextOrder = 1;

  constructor(dependencies: QueueDependencies, options: QueueOptions = {}) {
    this.#clock = dependencies.clock;
    this.#plugins = dependencies.plugins.filter((plugin) => plugin.preEnqueue);
    this.#onReady = dependencies.onReady;
    this.#backoffInitialMs = options.backoffInitialMs ?? 1_000;
    this.#backoffMaxMs = options.backoffMaxMs ?? 10_000;
    this.#parkedMaxMs = options.parkedMaxMs ?? 300_000;
    for (const plugin of dependencies.plugins) {
      for (const hint of plugin.hints ?? []) {
        const owned = { ...hint, plugin: plugin.name };
        const others = this.#hints.get(hint.resource);
        if (others) others.push(owned);
        else this.#hints.set(hint.resource, [owned]);
        this.#actionsOfInterest.set(hint.resource, this.#interestIn(hint.resource) | hint.actions);
      }
    }
  }

  /** Pods in all states, without the one that is being tried. */
  get size(): number {
    return this.#active.size + this.#backingOff.size + this.#backingOffAfterError.size + this.#parked.size;
  }

  get hasParked(): boolean {
    return this.#parked.size > 0;
  }

  /** Bits of `action`: other events of the resource need not be told. */
  #interestIn(resource: ClusterEvent['resource']): number {
    return this.#actionsOfInterest.get(resource) ?? 0;
  }

  add(info: PodInfo): void {
    this.delete(info.uid);
    this.#makeReady(queuedPod(info, this.#clock.monotonic()));
  }

  /** The pod has changed: `actions` are bits of what may matter to those that rejected it. */
  update(info: PodInfo, event: ClusterEvent): void {
    const parked = this.#parked.get(info.uid);
    if (parked) {
      parked.info = info;
      if (parked.gatedBy !== undefined) this.#tryAgain(parked);
      else if (this.#isWorthTrying(parked, event)) this.#tryAgain(parked);
      return;
    }
    const queued = this.#find(info.uid);
    if (queued) queued.info = info;
    else this.add(info);
  }

  delete(uid: string): void {
    this.#active.delete(uid);
    this.#backingOff.delete(uid);
    this.#backingOffAfterError.delete(uid);
    this.#parked.delete(uid);
  }

  pop(): QueuedPod | undefined {
    const next = this.#active.take() ?? this.#backingOff.take();
    if (next) next.attempts++;
    return next;
  }

  get isReady(): boolean {
    return this.#active.size > 0 || this.#backingOff.size > 0;
  }

  /** No node fits: waits for an event that helps. */
  park(queued: QueuedPod, rejectors: ReadonlySet<string>): void {
    if (this.#has(queued.info.uid)) return;
    queued.rejectors = rejectors;
    queued.unschedulableCount++;
    queued.errorCount = 0;
    queued.backoffUntil = this.#clock.monotonic() + this.#backoffMs(queued.unschedulableCount);
    this.#putParked(queued);
  }

  /** Something went wrong: tried again after its back-off, whatever happens. */
  backOff(queued: QueuedPod): void {
    if (this.#has(queued.info.uid)) return;
    queued.rejectors = new Set();
    queued.errorCount++;
    queued.backoffUntil = this.#clock.monotonic() + this.#backoffMs(queued.errorCount);
    this.#backingOffAfterError.put(queued);
    this.#armBackoff();
  }

  /** Something has happened: pods that it may help are tried again. `except` is the uid of one that it was about. */
  moveFor(event: ClusterEvent, except?: string): void {
    if (this.#parked.size === 0) return;
    if (event.resource !== '*' && (event.actions & this.#interestIn(event.resource)) === 0) return;
    const parked = [...this.#parked.values()];
    for (const queued of parked) {
      if (queued.info.uid !== except && this.#isWorthTrying(queued, event)) this.#tryAgain(queued);
    }
  }

  /** Tries these pods at once, whatever the hints say. */
  activate(keys: readonly string[]): void {
    const wanted = new Set(keys);
    const parked = [...this.#parked.values()];
    for (const queued of parked) {
      if (!wanted.has(queued.info.key)) continue;
      this.#parked.delete(queued.info.uid);
      this.#makeReady(queued);
    }
  }

  stop(): void {
    this.#backoffTimer?.timer.cancel();
    this.#flushTimer?.cancel();
  }

  #has(uid: string): boolean {
    return this.#parked.has(uid) || this.#find(uid) !== undefined;
  }

  #find(uid: string): QueuedPod | undefined {
    return this.#active.get(uid) ?? this.#backingOff.get(uid) ?? this.#backingOffAfterError.get(uid);
  }

  #isWorthTrying(queued: QueuedPod, event: ClusterEvent): boolean {
    if (event.resource === '*') return true;
    const hints = this.#hints.get(event.resource);
    if (!hints) return false;
    return hints.some(
      ({ plugin, actions, helps }) =>
        (actions & event.actions) !== 0 &&
        queued.rejectors.has(plugin) &&
        (helps === undefined || helps(queued.info, event.previous, event.current)),
    );
  }

  #tryAgain(queued: QueuedPod): void {
    if (this.#clock.monotonic() >= queued.backoffUntil) {
      this.#parked.delete(queued.info.uid);
      this.#makeReady(queued);
    } else if (!this.#gate(queued)) {
      this.#parked.delete(queued.info.uid);
      this.#backingOff.put(queued);
      this.#armBackoff();
      this.#onReady();
    }
  }

  #makeReady(queued: QueuedPod): void {
    if (this.#gate(queued)) return this.#putParked(queued);
    queued.order = this.#nextOrder++;
    this.#active.put(queued);
    this.#onReady();
  }

  /** True where a plugin keeps the pod out of the queue. */
  #gate(queued: QueuedPod): boolean {
    queued.gatedBy = undefined;
    for (const plugin of this.#plugins) {
      const status = plugin.preEnqueue?.(queued.info);
      if (!status) continue;
      queued.gatedBy = plugin.name;
      queued.rejectors = new Set([...queued.rejectors, plugin.name]);
      return true;
    }
    return false;
  }

  #putParked(queued: QueuedPod): void {
    queued.parkedAt = this.#clock.monotonic();
    this.#parked.set(queued.info.uid, queued);
    this.#armFlush();
  }

  #backoffMs(count: number): number {
    return Math.min(this.#backoffInitialMs * 2 ** (count - 1), this.#backoffMaxMs);
  }

  #armBackoff(): void {
    const first = Math.min(
      this.#backingOff.first?.backoffUntil ?? Number.POSITIVE_INFINITY,
      this.#backingOffAfterError.first?.backoffUntil ?? Number.POSITIVE_INFINITY,
    );
    if (first === Number.POSITIVE_INFINITY || (this.#backoffTimer && this.#backoffTimer.due <= first)) return;
    this.#backoffTimer?.timer.cancel();
    const timer = this.#clock.after(Math.max(0, first - this.#clock.monotonic()), () => {
      this.#backoffTimer = undefined;
      this.#endBackoffs();
    });
    this.#backoffTimer = { due: first, timer };
  }

  #endBackoffs(): void {
    const now = this.#clock.monotonic();
    for (const heap of [this.#backingOff, this.#backingOffAfterError]) {
      for (let first = heap.first; first && first.backoffUntil <= now; first = heap.first) {
        heap.take();
        this.#makeReady(first);
      }
    }
    this.#armBackoff();
  }

  /** One timer while something is parked: none of it costs anything while the queue is empty. */
  #armFlush(): void {
    if (this.#flushTimer || this.#parked.size === 0) return;
    this.#flushTimer = this.#clock.after(this.#parkedMaxMs, () => {
      this.#flushTimer = undefined;
      const limit = this.#clock.monotonic() - this.#parkedMaxMs;
      const parked = [...this.#parked.values()];
      for (const queued of parked) {
        if (queued.parkedAt <= limit && queued.gatedBy === undefined) this.#tryAgain(queued);
      }
      this.#armFlush();
    });
  }
}

function uidOf(queued: QueuedPod): string {
  return queued.info.uid;
}

/** PrioritySort: the more important first, of equals the one that waits longer. */
function isMoreUrgent(one: QueuedPod, other: QueuedPod): boolean {
  if (one.info.priority !== other.info.priority) return one.info.priority > other.info.priority;
  return one.order < other.order;
}

function endsEarlier(one: QueuedPod, other: QueuedPod): boolean {
  if (one.backoffUntil !== other.backoffUntil) return one.backoffUntil < other.backoffUntil;
  return isMoreUrgent(one, other);
}
