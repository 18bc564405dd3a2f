import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { GroupResource } from '@coracle/apimachinery/schema';
import type { Freshness } from '../storage/object-store/object-store.ts';

/**
 * What admission plug-ins, authorizers, authenticators and strategies may see of other objects: straight from the watch
 * cache, in storage version, without a request of their own. Everything that comes out is shared and read-only.
 */
export interface Readers {
  /** One object, from the cache by default (`{ type: 'any' }`); undefined where there is none or the resource is not served. */
  get<T extends KubernetesObject>(
    resource: GroupResource,
    key: { readonly namespace?: string; readonly name: string },
    freshness?: Freshness,
  ): Promise<T | undefined>;
  /** All objects of a namespace, or of the cluster where `namespace` is absent, in key order. */
  list<T extends KubernetesObject>(
    resource: GroupResource,
    namespace?: string,
    freshness?: Freshness,
  ): Promise<readonly T[]>;
  /**
   * Calls `changed` with the present state object by object, then with every change in order, until the signal is aborted.
   * Restarts by itself after a gap: then every present object is told again and vanished ones are told as removed.
   * Resolves once the present state was told. Meant for indexes (RBAC rules, webhook configurations).
   */
  follow<T extends KubernetesObject>(
    resource: GroupResource,
    changed: (change: { readonly type: 'set' | 'removed'; readonly object: T }) => void,
    signal: AbortSignal,
  ): Promise<void>;
}

/**
 * Writing on the server's own behalf (allocators, namespace life cycle, eviction): past admission and authorization,
 * through the same store. Only strategies and what every cluster has from the start get it.
 */
export interface Writers {
  /** Optimistic update of one stored object in storage version; `change` gets a private copy and may return undefined for "leave it". */
  update<T extends KubernetesObject>(
    resource: GroupResource,
    key: { readonly namespace?: string; readonly name: string },
    change: (copy: T) => T | undefined | Promise<T | undefined>,
  ): Promise<T | undefined>;
  /** Creates an object as it is, system fields filled in; undefined where the name is taken. */
  create<T extends KubernetesObject>(resource: GroupResource, object: T): Promise<T | undefined>;
  /** Runs the ordinary delete of the registry (grace period, finalizers) as the server itself. */
  delete(
    resource: GroupResource,
    key: { readonly namespace?: string; readonly name: string },
    options: DeleteOptions,
  ): Promise<void>;
}

/** `metav1.DeleteOptions` as it is on the wire. */
export interface DeleteOptions {
  readonly apiVersion?: string;
  readonly kind?: string;
  gracePeriodSeconds?: number;
  preconditions?: { uid?: string; resourceVersion?: string };
  /** Deprecated spelling of `propagationPolicy`; only one of the two may be given. */
  orphanDependents?: boolean;
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  dryRun?: string[];
  ignoreStoreReadErrorWithClusterBreakingPotential?: boolean;
}
