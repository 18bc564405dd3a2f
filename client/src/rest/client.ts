import type { KubernetesList, KubernetesObject } from '@coracle/apimachinery/meta';
import type { ResourceRef } from '@coracle/apimachinery/schema';
import type { Transport } from '../transport/transport.ts';

/** Names one object, or a namespace's worth of them where `name` is absent. */
export interface ObjectKey {
  readonly namespace?: string | undefined;
  readonly name: string;
}

export interface WriteOptions {
  readonly dryRun?: boolean;
  readonly fieldManager?: string;
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
  /** `status`, `scale`, `binding`, `eviction`, `token`, … */
  readonly subresource?: string;
  readonly signal?: AbortSignal;
}

export interface ListOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan';
  readonly signal?: AbortSignal;
}

export interface WatchOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Events after this one; absent or '0' means: first the present state as ADDED events, then what follows. */
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: 'NotOlderThan';
  readonly allowWatchBookmarks?: boolean;
  /** KEP-3157: the present state comes first and ends with a bookmark that says so. */
  readonly sendInitialEvents?: boolean;
  /** After how many seconds the server ends the watch. */
  readonly timeoutSeconds?: number;
}

export type WatchEvent<T extends KubernetesObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly object: KubernetesObject };

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

export type Patch =
  | { readonly type: 'json'; readonly body: readonly unknown[] }
  | { readonly type: 'merge'; readonly body: unknown }
  | { readonly type: 'strategic'; readonly body: unknown }
  | { readonly type: 'apply'; readonly body: unknown; readonly force?: boolean };

/** Typed verbs over any transport. Every method throws StatusError; results are read-only. */
export interface Client {
  /** For what has no verb here: logs, exec, proxied answers. */
  readonly transport: Transport;
  get<T extends KubernetesObject>(
    resource: ResourceRef<T>,
    key: ObjectKey,
    options?: { readonly resourceVersion?: string; readonly subresource?: string; readonly signal?: AbortSignal },
  ): Promise<T>;
  /** Items carry apiVersion and kind even where the server leaves them out. */
  list<T extends KubernetesObject>(resource: ResourceRef<T>, options?: ListOptions): Promise<KubernetesList<T>>;
  /** Events until the server ends the watch or the signal is aborted. An ERROR event is thrown as StatusError. */
  watch<T extends KubernetesObject>(
    resource: ResourceRef<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>;
  /** Creates the object, or posts to a subresource of it: `create(Pods, binding, { subresource: 'binding' })`. */
  create<T extends KubernetesObject, R = T>(
    resource: ResourceRef<T>,
    object: KubernetesObject,
    options?: WriteOptions,
  ): Promise<R>;
  update<T extends KubernetesObject>(resource: ResourceRef<T>, object: T, options?: WriteOptions): Promise<T>;
  patch<T extends KubernetesObject>(
    resource: ResourceRef<T>,
    key: ObjectKey,
    patch: Patch,
    options?: WriteOptions,
  ): Promise<T>;
  delete<T extends KubernetesObject>(resource: ResourceRef<T>, key: ObjectKey, options?: DeleteOptions): Promise<void>;
  deleteCollection<T extends KubernetesObject>(
    resource: ResourceRef<T>,
    list: ListOptions,
    options?: DeleteOptions,
  ): Promise<void>;
  /** Any path, for what has no resource: `/version`, `/apis`, subresources that stream use the transport. */
  raw(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<unknown>;
}
