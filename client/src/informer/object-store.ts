import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { Lister } from './informer.ts';

/** `namespace/name`, or the bare name of what lives in no namespace: client-go's MetaNamespaceKeyFunc. */
export function keyOf(object: KubernetesObject): string {
  return keyFor(object.metadata?.name ?? '', object.metadata?.namespace);
}

function keyFor(name: string, namespace: string | undefined): string {
  return namespace ? `${namespace}/${name}` : name;
}

/** Objects of one index key; the array is made when somebody asks and kept until the next change. */
class Bucket<T> {
  readonly members = new Map<string, T>();
  #array: readonly T[] | undefined;

  set(key: string, object: T): void {
    this.members.set(key, object);
    this.#array = undefined;
  }

  delete(key: string): void {
    this.members.delete(key);
    this.#array = undefined;
  }

  get array(): readonly T[] {
    this.#array ??= [...this.members.values()];
    return this.#array;
  }
}

interface Index<T> {
  readonly keys: (object: T) => readonly string[];
  readonly buckets: Map<string, Bucket<T>>;
}

const nothing: readonly never[] = [];
const byNamespace = 'namespace';

/** Objects by key and by any number of indexes. One writer, the reflector; readers get arrays they must not write to. */
export class ObjectStore<T extends KubernetesObject> implements Lister<T> {
  readonly #all = new Bucket<T>();
  readonly #indexes = new Map<string, Index<T>>();

  constructor() {
    this.addIndex(byNamespace, (object) => (object.metadata?.namespace ? [object.metadata.namespace] : nothing));
  }

  addIndex(name: string, keys: (object: T) => readonly string[]): void {
    const known = this.#indexes.get(name);
    if (known?.keys === keys) return;
    if (known) throw new Error(`there is an index ${name} with another key function`);
    const index: Index<T> = { keys, buckets: new Map() };
    this.#indexes.set(name, index);
    for (const [key, object] of this.#all.members) enter(index, key, object);
  }

  get(name: string, namespace?: string): T | undefined {
    return this.#all.members.get(keyFor(name, namespace));
  }

  getByKey(key: string): T | undefined {
    return this.#all.members.get(key);
  }

  list(namespace?: string): readonly T[] {
    return namespace === undefined ? this.#all.array : this.byIndex(byNamespace, namespace);
  }

  byIndex(index: string, key: string): readonly T[] {
    const found = this.#indexes.get(index);
    if (!found) throw new Error(`there is no index ${index}: addIndex it before the informer starts`);
    return found.buckets.get(key)?.array ?? nothing;
  }

  keys(): IterableIterator<string> {
    return this.#all.members.keys();
  }

  set(key: string, object: T): void {
    const previous = this.#all.members.get(key);
    for (const index of this.#indexes.values()) {
      if (previous) leave(index, key, previous);
      enter(index, key, object);
    }
    this.#all.set(key, object);
  }

  delete(key: string): void {
    const previous = this.#all.members.get(key);
    if (!previous) return;
    for (const index of this.#indexes.values()) leave(index, key, previous);
    this.#all.delete(key);
  }
}

function enter<T>(index: Index<T>, key: string, object: T): void {
  for (const indexKey of index.keys(object)) {
    let bucket = index.buckets.get(indexKey);
    if (!bucket) {
      bucket = new Bucket();
      index.buckets.set(indexKey, bucket);
    }
    bucket.set(key, object);
  }
}

function leave<T>(index: Index<T>, key: string, object: T): void {
  for (const indexKey of index.keys(object)) {
    const bucket = index.buckets.get(indexKey);
    bucket?.delete(key);
    if (bucket?.members.size === 0) index.buckets.delete(indexKey);
  }
}
