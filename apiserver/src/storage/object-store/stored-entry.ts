import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { KeyValue, Revision } from '../storage.ts';
import { encodeForStorage, freezeDeep, headerLengthOf, spliceRevision, startsWith, withRevision } from './encode.ts';
import { type KeyLayout, parseKey } from './keys.ts';
import type { StoredObject } from './object-store.ts';

/** What the entries of one resource have in common. */
export interface EntryKind {
  readonly layout: KeyLayout;
  /** Stored bytes that begin with this are JSON in the storage version, as `encodeForStorage` makes it. */
  readonly header: Uint8Array | undefined;
  readonly freeze: boolean;
  decode(stored: Uint8Array): KubernetesObject;
  fields?(object: KubernetesObject): Readonly<Record<string, string>>;
}

/** An object whose place in its stored JSON is not known: it must be decoded. */
const unknownHeader = -1;

const nothing: Readonly<Record<string, string>> = Object.freeze({});

/** One revision of one object: bytes, object and selector values, each made from another on first use and then kept. */
export class StoredEntry implements StoredObject {
  /** The whole key in the store. */
  readonly key: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly revision: Revision;
  /** Without resourceVersion, as the store has it. */
  readonly stored: Uint8Array;
  readonly #kind: EntryKind;
  readonly #headerLength: number;
  #object: KubernetesObject | undefined;
  /** Only where the stored bytes are no JSON to be cut. */
  #json: readonly Uint8Array[] | undefined;
  #fields: Readonly<Record<string, string>> | undefined;
  #encoded: Map<string, Uint8Array> | undefined;
  #later: StoredEntry | undefined;

  private constructor(
    kind: EntryKind,
    place: { key: string; namespace: string | undefined; name: string },
    revision: Revision,
    stored: Uint8Array,
    headerLength: number,
    object: KubernetesObject | undefined,
  ) {
    this.key = place.key;
    this.namespace = place.namespace;
    this.name = place.name;
    this.revision = revision;
    this.stored = stored;
    this.#kind = kind;
    this.#headerLength = headerLength;
    this.#object = object;
  }

  /** What came out of the store; undefined where the key is not one of this resource. */
  static read(kind: EntryKind, { key, value, modRevision }: KeyValue): StoredEntry | undefined {
    const place = parseKey(kind.layout, key);
    if (place === undefined) return undefined;
    const headerLength = kind.header && startsWith(value, kind.header) ? kind.header.length : unknownHeader;
    const { namespace, name } = place;
    return new StoredEntry(kind, { key, namespace, name }, modRevision, value, headerLength, undefined);
  }

  /** What this process wrote: `object` is what `stored` was made from. */
  static written(kind: EntryKind, key: string, revision: Revision, stored: Uint8Array, object: KubernetesObject) {
    const { namespace, name } = parseKey(kind.layout, key) ?? { name: key };
    const complete = withRevision(object, revision);
    if (kind.freeze) freezeDeep(complete);
    return new StoredEntry(kind, { key, namespace, name }, revision, stored, headerLengthOf(stored), complete);
  }

  /** Made once. */
  at(revision: Revision): StoredEntry {
    if (this.#later?.revision === revision) return this.#later;
    const object = this.#object && withRevision(this.#object, revision);
    if (object && this.#kind.freeze) freezeDeep(object);
    this.#later = new StoredEntry(this.#kind, this, revision, this.stored, this.#headerLength, object);
    return this.#later;
  }

  get size(): number {
    return this.stored.length;
  }

  get object(): KubernetesObject {
    this.#object ??= this.#decode();
    return this.#object;
  }

  get jsonPieces(): readonly Uint8Array[] {
    if (this.#headerLength !== unknownHeader) return spliceRevision(this.stored, this.#headerLength, this.revision);
    this.#json ??= this.#encode();
    return this.#json;
  }

  get labels(): Readonly<Record<string, string>> {
    return this.object.metadata?.labels ?? nothing;
  }

  get fields(): Readonly<Record<string, string>> {
    this.#fields ??= this.#kind.fields?.(this.object) ?? nothing;
    return this.#fields;
  }

  encoded(variant: string, make: (object: KubernetesObject) => Uint8Array): Uint8Array {
    this.#encoded ??= new Map();
    let bytes = this.#encoded.get(variant);
    if (bytes === undefined) {
      bytes = make(this.object);
      this.#encoded.set(variant, bytes);
    }
    return bytes;
  }

  /** Lets go of what can be made again: for old revisions that hardly anybody asks for any more. */
  forget(): void {
    this.#object = undefined;
    this.#json = undefined;
    this.#encoded = undefined;
    this.#later = undefined;
  }

  #decode(): KubernetesObject {
    const object = this.#kind.decode(this.stored);
    object.metadata = { ...object.metadata, resourceVersion: String(this.revision) };
    return this.#kind.freeze ? freezeDeep(object) : object;
  }

  #encode(): readonly Uint8Array[] {
    const encoded = encodeForStorage(this.object);
    return spliceRevision(encoded, headerLengthOf(encoded), this.revision);
  }
}
