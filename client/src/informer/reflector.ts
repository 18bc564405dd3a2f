import type { Environment } from '@coracle/apimachinery/component';
import { isStatus } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { ResourceRef } from '@coracle/apimachinery/schema';
import type { Client, WatchEvent } from '../rest/client.ts';
import { keyOf } from './object-store.ts';
import type { InformerOptions } from './informer.ts';
import { type InitializeBy, type Outcome, type ReflectorState, transition } from './reflector-state.ts';

/** Where a reflector puts what it sees. Called synchronously, in the order of the server's history. */
export interface Sink<T> {
  replace(objects: ReadonlyMap<string, T>): void;
  put(key: string, object: T): void;
  remove(key: string, object: T): void;
}

export interface ReflectorDependencies {
  readonly client: Client;
  readonly environment: Environment;
}

export interface ReflectorTarget<T extends KubernetesObject> {
  readonly resource: ResourceRef<T>;
  readonly selection: InformerOptions;
  readonly initializeBy: InitializeBy;
}

/** A watch is renewed after 5 to 10 minutes, at random so that many do not come at once. */
const watchSecondsMin = 300;
const watchSecondsSpread = 300;
/** A watch that ends sooner than this, without an event, is treated as a failure. */
const idleWatchMs = 1000;
const backoff = { baseMs: 800, maxMs: 30_000, resetAfterMs: 120_000 };
const initialEventsEnd = 'k8s.io/initial-events-end';

/** Keeps `sink` equal to what the server has, until the signal is aborted. Errors are waited out, never thrown. */
export class Reflector<T extends KubernetesObject> {
  readonly #client: Client;
  readonly #environment: Environment;
  readonly #target: ReflectorTarget<T>;
  readonly #sink: Sink<T>;
  #waits = 0;
  #lastWaitAt = 0;

  constructor(dependencies: ReflectorDependencies, target: ReflectorTarget<T>, sink: Sink<T>) {
    this.#client = dependencies.client;
    this.#environment = dependencies.environment;
    this.#target = target;
    this.#sink = sink;
  }

  async run(signal: AbortSignal): Promise<void> {
    let state: ReflectorState = { phase: 'initialize', how: this.#target.initializeBy, from: '0' };
    while (!signal.aborted) {
      const holder = { state };
      const outcome = await this.#act(holder, signal);
      if (signal.aborted) return;
      const next = transition(holder.state, outcome);
      this.#tell(holder.state, outcome);
      state = next.state;
      if (next.wait) await this.#wait(signal);
    }
  }

  /** Does the I/O of a state. A watch moves `holder.state` along while it lasts and reports only how it ended. */
  async #act(holder: { state: ReflectorState }, signal: AbortSignal): Promise<Outcome> {
    const { state } = holder;
    if (state.phase === 'initialize' && state.how === 'list') return this.#list(state.from, signal);
    return this.#watch(holder, signal);
  }

  async #list(from: string, signal: AbortSignal): Promise<Outcome> {
    const { resource, selection } = this.#target;
    try {
      const version = from === '' ? {} : { resourceVersion: from };
      const list = await this.#client.list(resource, { ...selection, ...version, signal });
      const objects = new Map<string, T>();
      for (const item of list.items) objects.set(keyOf(item), item);
      if (!signal.aborted) this.#sink.replace(objects);
      return { type: 'synced', resourceVersion: list.metadata?.resourceVersion ?? '' };
    } catch (error) {
      return { type: 'failed', error, idle: true };
    }
  }

  async #watch(holder: { state: ReflectorState }, signal: AbortSignal): Promise<Outcome> {
    const { clock } = this.#environment;
    const startedAt = clock.monotonic();
    const closing = new AbortController();
    const abort = () => closing.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    let isIdle = true;
    const isIdleEnd = () => isIdle && clock.monotonic() - startedAt < idleWatchMs;
    /** Objects of the present state while they come in; undefined once they are all there. */
    const initial = holder.state.phase === 'initialize' ? new Map<string, T>() : undefined;
    try {
      for await (const event of this.#open(holder.state, closing.signal)) {
        if (signal.aborted) break;
        isIdle = false;
        if (holder.state.phase === 'initialize' && initial) this.#collect(holder, initial, event);
        else this.#apply(holder, event);
      }
      return { type: 'ended', idle: isIdleEnd() };
    } catch (error) {
      return { type: 'failed', error, idle: isIdleEnd() };
    } finally {
      signal.removeEventListener('abort', abort);
      closing.abort();
    }
  }

  #open(state: ReflectorState, signal: AbortSignal): AsyncIterable<WatchEvent<T>> {
    const { resource, selection } = this.#target;
    const start =
      state.phase === 'watching'
        ? { resourceVersion: state.resourceVersion }
        : { resourceVersion: state.from, resourceVersionMatch: 'NotOlderThan' as const, sendInitialEvents: true };
    const timeoutSeconds = watchSecondsMin + Math.floor(this.#environment.random.next() * watchSecondsSpread);
    return this.#client.watch(resource, { ...selection, ...start, allowWatchBookmarks: true, timeoutSeconds }, signal);
  }

  #collect(holder: { state: ReflectorState }, initial: Map<string, T>, event: WatchEvent<T>): void {
    if (event.type === 'BOOKMARK') {
      if (event.object.metadata?.annotations?.[initialEventsEnd] !== 'true') return;
      this.#sink.replace(initial);
      this.#move(holder, { type: 'synced', resourceVersion: versionOf(event.object) });
    } else if (event.type === 'DELETED') {
      initial.delete(keyOf(event.object));
    } else {
      initial.set(keyOf(event.object), event.object);
    }
  }

  #apply(holder: { state: ReflectorState }, event: WatchEvent<T>): void {
    if (event.type === 'DELETED') this.#sink.remove(keyOf(event.object), event.object);
    else if (event.type !== 'BOOKMARK') this.#sink.put(keyOf(event.object), event.object);
    this.#move(holder, { type: 'advanced', resourceVersion: versionOf(event.object) });
  }

  #move(holder: { state: ReflectorState }, outcome: Outcome): void {
    holder.state = transition(holder.state, outcome).state;
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#environment;
    const now = clock.monotonic();
    if (now - this.#lastWaitAt > backoff.resetAfterMs) this.#waits = 0;
    const delay = Math.min(backoff.baseMs * 2 ** this.#waits, backoff.maxMs);
    this.#waits++;
    this.#lastWaitAt = now;
    await clock.sleep(delay * (1 + random.next()), signal).catch(() => undefined);
  }

  #tell(state: ReflectorState, outcome: Outcome): void {
    if (outcome.type !== 'failed') return;
    const fields = { resource: this.#target.resource.resource, phase: state.phase, error: String(outcome.error) };
    const { log } = this.#environment;
    if (state.phase === 'initialize' && isRefusal(outcome.error)) log.warn('list refused', fields);
    else log.debug('list and watch failed', fields);
  }
}

/** The server is there and does not want to: somebody has to do something about it. */
function isRefusal(error: unknown): boolean {
  return isStatus(error) && error.code >= 400 && error.code < 500 && error.code !== 410 && error.code !== 429;
}

function versionOf(object: KubernetesObject): string {
  return object.metadata?.resourceVersion ?? '';
}
