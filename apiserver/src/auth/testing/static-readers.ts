import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { GroupResource } from '@coracle/apimachinery/schema';
import type { Readers } from '../../registry/readers.ts';

type Change = { readonly type: 'set' | 'removed'; readonly object: KubernetesObject };

/** Objects that a test puts there, for whoever reads through `Readers`. */
export class StaticReaders implements Readers {
  readonly #objects = new Map<string, Map<string, KubernetesObject>>();
  readonly #followers = new Map<string, ((change: Change) => void)[]>();

  set(resource: GroupResource, ...objects: KubernetesObject[]): void {
    for (const object of objects) {
      this.#of(resource).set(keyOf(object.metadata ?? {}), object);
      this.#tell(resource, { type: 'set', object });
    }
  }

  remove(resource: GroupResource, object: KubernetesObject): void {
    this.#of(resource).delete(keyOf(object.metadata ?? {}));
    this.#tell(resource, { type: 'removed', object });
  }

  async get<T extends KubernetesObject>(resource: GroupResource, key: { namespace?: string; name: string }) {
    return this.#of(resource).get(keyOf(key)) as T | undefined;
  }

  async list<T extends KubernetesObject>(resource: GroupResource, namespace?: string) {
    const all = [...this.#of(resource).values()] as T[];
    return namespace === undefined ? all : all.filter(({ metadata }) => metadata?.namespace === namespace);
  }

  async follow<T extends KubernetesObject>(
    resource: GroupResource,
    changed: (change: { readonly type: 'set' | 'removed'; readonly object: T }) => void,
  ) {
    const name = nameOf(resource);
    const follower = changed as (change: Change) => void;
    for (const object of this.#of(resource).values()) follower({ type: 'set', object });
    this.#followers.set(name, [...(this.#followers.get(name) ?? []), follower]);
  }

  #tell(resource: GroupResource, change: Change): void {
    for (const follower of this.#followers.get(nameOf(resource)) ?? []) follower(change);
  }

  #of(resource: GroupResource): Map<string, KubernetesObject> {
    const name = nameOf(resource);
    const objects = this.#objects.get(name) ?? new Map<string, KubernetesObject>();
    this.#objects.set(name, objects);
    return objects;
  }
}

function nameOf({ group, resource }: GroupResource): string {
  return `${group}/${resource}`;
}

function keyOf({ namespace, name }: { namespace?: string | undefined; name?: string }): string {
  return `${namespace ?? ''}/${name}`;
}
