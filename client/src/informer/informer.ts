import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { ResourceRef } from '@coracle/apimachinery/schema';

/** Shared per (resource, selectors): asking twice gives the same informer. Started by `start`, all stopped by `stop`. */
export interface Informers {
  for<T extends KubernetesObject>(resource: ResourceRef<T>, options?: InformerOptions): Informer<T>;
  /** Starts every informer asked for so far and later; resolves when those asked for so far have synced. */
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
  /** Handlers are called in order, one event at a time, on the informer's own turn: they enqueue and return. */
  addHandler(handler: Handler<T>): void;
  /** Must be called before the first object arrives. */
  addIndex(name: string, keys: (object: T) => readonly string[]): void;
  /** True once the first full state has been delivered to the handlers. */
  readonly hasSynced: boolean;
}

export interface Handler<T> {
  readonly added?: (object: T) => void;
  readonly updated?: (object: T, previous: T) => void;
  readonly deleted?: (object: T) => void;
}

/** Reads from memory. Objects are shared and never written to. */
export interface Lister<T extends KubernetesObject> {
  get(name: string, namespace?: string): T | undefined;
  list(namespace?: string): readonly T[];
  byIndex(index: string, key: string): readonly T[];
}
