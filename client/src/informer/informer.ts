import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { ResourceRef } from '@coracle/apimachinery/schema';

/** Shared per (resource, selectors): asking twice gives the same informer. Started by `start`, all stopped by `stop`. */
export interface Informers {
  for<T extends KubernetesObject>(resource: ResourceRef<T>, options?: InformerOptions): Informer<T>;
  /** Starts every informer asked for so far and later; resolves when those asked for so far have synced, throws when stopped before. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface InformerOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface Informer<T extends KubernetesObject> {
  readonly lister: Lister<T>;
  /**
   * Handlers are called in order, one event at a time, on the informer's own turn: they enqueue and return. One that comes
   * late is told of everything that is there already, at once. The result takes the handler away again.
   */
  addHandler(handler: Handler<T>): () => void;
  /** Must be called before the first object arrives. */
  addIndex(name: string, keys: (object: T) => readonly string[]): void;
  /** True once the first full state has been delivered to the handlers. */
  readonly hasSynced: boolean;
  /** Resolves when `hasSynced` becomes true; never where the informers are stopped before. */
  readonly synced: Promise<void>;
}

export interface Handler<T> {
  readonly added?: (object: T) => void;
  readonly updated?: (object: T, previous: T) => void;
  /** The last state of an object that is gone: of its deletion where that was seen, else the last one known. */
  readonly deleted?: (object: T) => void;
}

/** Reads from memory. Objects and arrays are shared and never written to. */
export interface Lister<T extends KubernetesObject> {
  get(name: string, namespace?: string): T | undefined;
  list(namespace?: string): readonly T[];
  byIndex(index: string, key: string): readonly T[];
}
