import type { Logger } from '@coracle/apimachinery/component';
import { internalError } from '@coracle/apimachinery/errors';
import type {
  Commit,
  CommitResult,
  KeyRange,
  KeyValue,
  RangeOptions,
  RangeResult,
  Revision,
  Storage,
  StorageEvent,
  WatchBatch,
  WatchOptions,
} from '../storage.ts';
import { isSealed, type ValueTransformer } from './transformer.ts';

/** Which keys are sealed, and how. */
export interface KeyTransformers {
  transformerOf(key: string): ValueTransformer | undefined;
}

/** Why a value that is handed out sealed could not be opened. */
const failures = new WeakMap<Uint8Array, string>();

/** Throws InternalError for bytes that came out of the store sealed, with the reason why they could not be opened. */
export function refuseSealed(stored: Uint8Array): void {
  if (!isSealed(stored)) return;
  throw internalError(failures.get(stored) ?? 'identity transformer tried to read encrypted data');
}

/**
 * Another storage whose values are sealed on their way in and opened on their way out. A value that cannot be opened is
 * handed out as it is, so that one bad key does not stop everybody: whoever decodes it fails, by `refuseSealed`.
 */
export class EncryptedStorage implements Storage {
  readonly #storage: Storage;
  readonly #encryption: KeyTransformers;
  readonly #log: Logger;

  constructor(storage: Storage, encryption: KeyTransformers, log: Logger) {
    this.#storage = storage;
    this.#encryption = encryption;
    this.#log = log;
  }

  get compactedRevision(): Revision {
    return this.#storage.compactedRevision;
  }

  currentRevision(): Promise<Revision> {
    return this.#storage.currentRevision();
  }

  async get(key: string, revision?: Revision) {
    const { item, ...rest } = await this.#storage.get(key, revision);
    return { ...rest, item: item && this.#open(item) };
  }

  async range(range: KeyRange, options?: RangeOptions): Promise<RangeResult> {
    const result = await this.#storage.range(range, options);
    return { ...result, items: result.items.map((item) => this.#open(item)) };
  }

  async commit(commit: Commit): Promise<CommitResult> {
    const transformer = this.#transformerOf(commit.key);
    const sealed =
      transformer === undefined || commit.value === undefined
        ? commit
        : { ...commit, value: transformer.seal(commit.value, commit.key) };
    const result = await this.#storage.commit(sealed);
    if (result.ok || result.current === undefined) return result;
    return { ...result, current: this.#open(result.current) };
  }

  async *watch(range: KeyRange, options: WatchOptions, signal: AbortSignal): AsyncIterable<WatchBatch> {
    for await (const { events, revision } of this.#storage.watch(range, options, signal)) {
      yield { revision, events: events.map((event) => this.#openEvent(event)) };
    }
  }

  requestProgress(): Promise<void> {
    return this.#storage.requestProgress();
  }

  compact(revision: Revision): Promise<void> {
    return this.#storage.compact(revision);
  }

  sizeBytes(): Promise<number | undefined> {
    return this.#storage.sizeBytes();
  }

  close(): Promise<void> {
    return this.#storage.close();
  }

  #transformerOf(key: string): ValueTransformer | undefined {
    return this.#encryption.transformerOf(key);
  }

  #openEvent(event: StorageEvent): StorageEvent {
    const key = event.type === 'put' ? event.current.key : event.key;
    if (this.#transformerOf(key) === undefined) return event;
    const previous = event.previous && this.#open(event.previous);
    return event.type === 'put' ? { ...event, current: this.#open(event.current), previous } : { ...event, previous };
  }

  #open(item: KeyValue): KeyValue {
    const transformer = this.#transformerOf(item.key);
    if (transformer === undefined) return item;
    try {
      const { value, stale } = transformer.open(item.value, item.key);
      return stale ? { ...item, value, stale } : { ...item, value };
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      this.#log.error('a stored value cannot be opened', { key: item.key, error: cause });
      // Bytes of its own: a driver may hand the same ones to somebody who opens them.
      const value = item.value.subarray();
      failures.set(value, cause);
      return { ...item, value };
    }
  }
}
