import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { Handler, Informer, Lister } from './informer.ts';
import { ObjectStore } from './object-store.ts';
import { Reflector, type ReflectorDependencies, type ReflectorTarget, type Sink } from './reflector.ts';

/** A store that a reflector keeps up to date, and the handlers that hear of each change after the store has it. */
export class SharedInformer<T extends KubernetesObject> implements Informer<T>, Sink<T> {
  readonly #store = new ObjectStore<T>();
  readonly #handlers: Handler<T>[] = [];
  readonly #reflector: Reflector<T>;
  readonly #dependencies: ReflectorDependencies;
  readonly #synced = Promise.withResolvers<void>();
  #hasSynced = false;
  #running: Promise<void> | undefined;

  constructor(dependencies: ReflectorDependencies, target: ReflectorTarget<T>) {
    this.#dependencies = dependencies;
    this.#reflector = new Reflector(dependencies, target, this);
  }

  get lister(): Lister<T> {
    return this.#store;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Begins to watch; a second call changes nothing. Resolves when the signal has ended it. */
  run(signal: AbortSignal): Promise<void> {
    this.#running ??= this.#reflector.run(signal);
    return this.#running;
  }

  addHandler(handler: Handler<T>): () => void {
    this.#handlers.push(handler);
    if (handler.added) {
      for (const object of this.#store.list()) this.#call(() => handler.added?.(object));
    }
    return () => {
      const at = this.#handlers.indexOf(handler);
      if (at >= 0) this.#handlers.splice(at, 1);
    };
  }

  addIndex(name: string, keys: (object: T) => readonly string[]): void {
    this.#store.addIndex(name, keys);
  }

  replace(objects: ReadonlyMap<string, T>): void {
    const gone = [...this.#store.keys()].filter((key) => !objects.has(key));
    for (const key of gone) {
      const last = this.#store.getByKey(key);
      if (last) this.remove(key, last);
    }
    for (const [key, object] of objects) this.put(key, object);
    this.#hasSynced = true;
    this.#synced.resolve();
  }

  put(key: string, object: T): void {
    const previous = this.#store.getByKey(key);
    if (!previous) {
      this.#store.set(key, object);
      for (const handler of this.#handlers) this.#call(() => handler.added?.(object));
      return;
    }
    if (isSameVersion(previous, object)) return;
    this.#store.set(key, object);
    if (previous.metadata?.uid === object.metadata?.uid) {
      for (const handler of this.#handlers) this.#call(() => handler.updated?.(object, previous));
      return;
    }
    // Deleted and made again while nobody looked: two objects, so two events.
    for (const handler of this.#handlers) this.#call(() => handler.deleted?.(previous));
    for (const handler of this.#handlers) this.#call(() => handler.added?.(object));
  }

  remove(key: string, object: T): void {
    if (this.#store.getByKey(key) === undefined) return;
    this.#store.delete(key);
    for (const handler of this.#handlers) this.#call(() => handler.deleted?.(object));
  }

  /** One handler's fault must not stop the others, nor the watch. */
  #call(deliver: () => void): void {
    try {
      deliver();
    } catch (error) {
      this.#dependencies.environment.log.error('informer handler failed', { error: String(error) });
    }
  }
}

function isSameVersion(one: KubernetesObject, other: KubernetesObject): boolean {
  const version = one.metadata?.resourceVersion;
  return (
    version !== undefined && version === other.metadata?.resourceVersion && one.metadata?.uid === other.metadata?.uid
  );
}
