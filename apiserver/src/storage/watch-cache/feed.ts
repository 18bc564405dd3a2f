import type { Environment } from '@coracle/apimachinery/component';
import type { Timer } from '@coracle/apimachinery/clock';
import { endOfPrefix, keyOf, revisionOf } from '../local/index.ts';
import { FutureRevisionError, type KeyRange, type Revision, type Storage, type StorageEvent } from '../storage.ts';

/** A resource that takes part in the feed. */
export interface FeedMember {
  apply(event: StorageEvent): void;
  bookmark(revision: Revision): void;
  /** The store has compacted everything up to here: recent changes are recent no more. */
  forget(revision: Revision): void;
  /** Somebody wants bookmarks. */
  readonly wantsBookmarks: boolean;
  /** Events were missed: begin again from the store. */
  reload(): void;
}

const bookmarkIntervalMs = 60_000;
/** How long a reader waits for a revision that the store has not reached, as upstream's cacher does. */
const futureRevisionWaitMs = 3000;
const restartDelayMs = 1000;

/**
 * The one watch of the store that fills all caches: one global order, so that a cache which has seen a revision knows that
 * every cache has.
 */
export class Feed {
  readonly #storage: Storage;
  readonly #environment: Environment;
  readonly #root: string;
  /** By key prefix, `/registry/pods/`. */
  readonly #members = new Map<string, FeedMember>();
  readonly #stop = new AbortController();
  #waiting: { readonly revision: Revision; readonly resolve: () => void }[] = [];
  #bookmarkTimer: Timer | undefined;
  #revision: Revision = 0;
  #forgotten: Revision = 0;
  #started: Promise<void>;
  #run: Promise<void> = Promise.resolve();

  constructor(storage: Storage, environment: Environment, root: string) {
    this.#storage = storage;
    this.#environment = environment;
    this.#root = `${root}/`;
    this.#started = this.#start();
  }

  /** Every cache has seen everything up to here. */
  get revision(): Revision {
    return this.#revision;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Resolves when the watch of the store has begun: a state read after that misses nothing. */
  started(): Promise<void> {
    return this.#started;
  }

  join(prefix: string, member: FeedMember): void {
    this.#members.set(prefix, member);
  }

  leave(prefix: string): void {
    this.#members.delete(prefix);
  }

  /** Resolves once everything up to `revision` is in the caches. Throws FutureRevisionError where the store is not that far. */
  async reach(revision: Revision): Promise<void> {
    if (revision <= this.#revision) return;
    const reached = new Promise<void>((resolve) => {
      this.#waiting.push({ revision, resolve });
    });
    await this.#storage.requestProgress();
    if (revision <= this.#revision) return;
    const patience = new AbortController();
    const giveUp = this.#environment.clock.sleep(futureRevisionWaitMs, patience.signal).catch(() => {});
    await Promise.race([reached, giveUp]);
    patience.abort();
    if (revision > this.#revision) throw new FutureRevisionError(revision, this.#revision);
  }

  /** Resolves once the caches are as new as the store is now. */
  async reachNewest(): Promise<void> {
    const revision = await this.#storage.currentRevision();
    if (revision > this.#revision) await this.reach(revision);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#bookmarkTimer?.cancel();
    await this.#run;
  }

  async #start(): Promise<void> {
    const revision = await this.#storage.currentRevision();
    this.#revision = revision;
    this.#run = this.#follow(revision);
  }

  async #follow(after: Revision): Promise<void> {
    let from = after + 1;
    while (!this.signal.aborted) {
      try {
        await this.#watch(from);
      } catch (error) {
        if (this.signal.aborted) return;
        const cause = error instanceof Error ? error.message : String(error);
        this.#environment.log.warn('the watch of the store broke: reading everything again', { error: cause });
        from = await this.#restart();
      }
    }
  }

  async #watch(fromRevision: Revision): Promise<void> {
    const range: KeyRange = { start: this.#root, end: endOfPrefix(this.#root) };
    for await (const { events, revision } of this.#storage.watch(range, { fromRevision }, this.signal)) {
      for (const event of events) this.#route(event);
      if (revision > this.#revision) this.#revision = revision;
      if (this.#waiting.length > 0) this.#release();
      if (this.#storage.compactedRevision > this.#forgotten) this.#forget(this.#storage.compactedRevision);
      if (this.#bookmarkTimer === undefined) this.#armBookmarks();
    }
  }

  async #restart(): Promise<Revision> {
    while (!this.signal.aborted) {
      try {
        await this.#environment.clock.sleep(restartDelayMs, this.signal);
        const revision = await this.#storage.currentRevision();
        for (const member of this.#members.values()) member.reload();
        return revision + 1;
      } catch (error) {
        if (this.signal.aborted) break;
        const cause = error instanceof Error ? error.message : String(error);
        this.#environment.log.warn('the store does not answer', { error: cause });
      }
    }
    return this.#revision + 1;
  }

  /** The member whose prefix the key has: prefixes are one or two segments long. */
  #route(event: StorageEvent): void {
    const key = keyOf(event);
    const first = key.indexOf('/', this.#root.length) + 1;
    const second = key.indexOf('/', first) + 1;
    const member = (second > 0 && this.#members.get(key.slice(0, second))) || this.#members.get(key.slice(0, first));
    if (member === undefined) return;
    member.apply(event);
    this.#revision = revisionOf(event);
  }

  #forget(revision: Revision): void {
    this.#forgotten = revision;
    for (const member of this.#members.values()) member.forget(revision);
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const waiter of waiting) {
      if (waiter.revision <= this.#revision) waiter.resolve();
      else this.#waiting.push(waiter);
    }
  }

  /** A timer runs only while something has changed since the last round. */
  #armBookmarks(): void {
    let wanted = false;
    for (const member of this.#members.values()) wanted ||= member.wantsBookmarks;
    if (!wanted || this.signal.aborted) return;
    this.#bookmarkTimer = this.#environment.clock.after(bookmarkIntervalMs, () => {
      this.#bookmarkTimer = undefined;
      for (const member of this.#members.values()) member.bookmark(this.#revision);
    });
  }
}
