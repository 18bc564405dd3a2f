import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { Lister } from '@coracle/client/informer';

interface Assumed<T> {
  readonly object: T;
  /** The version that was known when it was assumed. */
  readonly basis: string | undefined;
}

/**
 * Objects as they will be once writes that are under way are done: an assumption holds until it is taken back, or until
 * something newer is heard of the object.
 */
export class AssumedObjects<T extends KubernetesObject> {
  readonly #lister: Lister<T>;
  readonly #assumed = new Map<string, Assumed<T>>();

  constructor(lister: Lister<T>) {
    this.#lister = lister;
  }

  /** As the API server has told. */
  known(name: string, namespace?: string): T | undefined {
    return this.#lister.get(name, namespace);
  }

  get(name: string, namespace?: string): T | undefined {
    const known = this.known(name, namespace);
    const key = `${namespace ?? ''}/${name}`;
    const assumed = this.#assumed.get(key);
    if (!assumed) return known;
    if (known?.metadata?.resourceVersion === assumed.basis) return assumed.object;
    this.#assumed.delete(key);
    return known;
  }

  list(): readonly T[] {
    if (this.#assumed.size === 0) return this.#lister.list();
    return this.#lister.list().map(({ metadata }) => this.get(metadata?.name ?? '', metadata?.namespace) as T);
  }

  assume(object: T): void {
    const { name = '', namespace } = object.metadata ?? {};
    const basis = this.known(name, namespace)?.metadata?.resourceVersion;
    this.#assumed.set(`${namespace ?? ''}/${name}`, { object, basis });
  }

  restore({ metadata }: T): void {
    this.#assumed.delete(`${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`);
  }
}
