import { Buffer } from 'node:buffer';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { KeyValue, Revision } from '../storage.ts';
import { type EntryKind, StoredEntry } from './stored-entry.ts';

/** A write of this process that its writer or the feed has not seen through yet. */
interface LocalWrite {
  readonly value: Uint8Array;
  readonly object: KubernetesObject;
  /** Set once the store has answered. */
  revision: Revision | undefined;
  /** The feed has seen it. */
  seen: boolean;
  entry: StoredEntry | undefined;
}

/**
 * Writes under way, so that the event they come back as is the very entry their writer gets, and the object that was
 * encoded is not decoded again. Whoever is first makes the entry: the writer on its answer or the feed on its event.
 */
export class LocalWrites {
  readonly #kind: EntryKind;
  readonly #writes = new Map<string, LocalWrite[]>();

  constructor(kind: EntryKind) {
    this.#kind = kind;
  }

  begin(key: string, value: Uint8Array, object: KubernetesObject): LocalWrite {
    const write: LocalWrite = { value, object, revision: undefined, seen: false, entry: undefined };
    const others = this.#writes.get(key);
    if (others === undefined) this.#writes.set(key, [write]);
    else others.push(write);
    return write;
  }

  /** The store has it. */
  succeed(key: string, write: LocalWrite, revision: Revision): StoredEntry {
    write.revision = revision;
    if (write.seen) this.#remove(key, write);
    return this.#entryOf(write, key, revision);
  }

  /** The store did not take it. */
  fail(key: string, write: LocalWrite): void {
    this.#remove(key, write);
  }

  /** What the store holds, as the entry of the local write it came from, if it did. */
  recognize({ key, value, modRevision }: KeyValue): StoredEntry | undefined {
    const write = this.#find(key, value);
    return write && this.#entryOf(write, key, modRevision);
  }

  /** As `recognize`, for the feed: nobody asks for this write again. */
  see({ key, value, modRevision }: KeyValue): StoredEntry | undefined {
    const write = this.#find(key, value);
    if (write === undefined) return undefined;
    write.seen = true;
    if (write.revision !== undefined) this.#remove(key, write);
    return this.#entryOf(write, key, modRevision);
  }

  /** Everything up to `revision` is known from elsewhere. */
  forget(revision: Revision): void {
    for (const [key, writes] of this.#writes) {
      for (const write of writes) {
        if (write.revision !== undefined && write.revision <= revision) this.#remove(key, write);
      }
    }
  }

  #find(key: string, value: Uint8Array): LocalWrite | undefined {
    // A driver in this process hands back the very buffer; a remote one a copy.
    return this.#writes.get(key)?.find((write) => write.value === value || Buffer.compare(write.value, value) === 0);
  }

  #remove(key: string, write: LocalWrite): void {
    const others = (this.#writes.get(key) ?? []).filter((other) => other !== write);
    if (others.length === 0) this.#writes.delete(key);
    else this.#writes.set(key, others);
  }

  #entryOf(write: LocalWrite, key: string, revision: Revision): StoredEntry {
    if (write.entry?.revision !== revision) {
      write.entry = StoredEntry.written(this.#kind, key, revision, write.value, write.object);
    }
    return write.entry;
  }
}
