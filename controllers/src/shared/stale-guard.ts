import type { KubernetesObject } from '@coracle/apimachinery/meta';

/** Superseded versions remembered for one object; older ones are long out of every cache. */
const versionsMax = 16;

/**
 * Knows the versions of objects that this process has itself replaced. A cache that still shows one is behind: acting on it
 * would do things twice. The event of the newer version queues the object again, so a reconcile just ends.
 */
export class StaleGuard {
  readonly #replaced = new Map<string, { readonly uid: string; readonly versions: Set<string> }>();

  /** `before` was just replaced by a write that did change it. */
  replaced(key: string, before: KubernetesObject, after: KubernetesObject): void {
    const { uid = '', resourceVersion = '' } = before.metadata ?? {};
    if (after.metadata?.resourceVersion === resourceVersion) return;
    let row = this.#replaced.get(key);
    if (row?.uid !== uid) this.#replaced.set(key, (row = { uid, versions: new Set() }));
    row.versions.add(resourceVersion);
    if (row.versions.size > versionsMax) for (const oldest of row.versions) return void row.versions.delete(oldest);
  }

  isStale(key: string, object: KubernetesObject): boolean {
    const row = this.#replaced.get(key);
    return row?.uid === object.metadata?.uid && row?.versions.has(object.metadata?.resourceVersion ?? '') === true;
  }

  forget(key: string): void {
    this.#replaced.delete(key);
  }
}
