import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { GroupVersionKind, GroupVersionResource } from '@coracle/apimachinery/schema';
import type { UserInfo } from '../http/api-request.ts';

export type AdmissionOperation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/**
 * One write on its way to the store, as admission sees it. Objects are in storage version; `kind` and `resource` name the
 * version of the request, which is what webhooks match (they convert through `toVersion`).
 */
export interface AdmissionAttributes {
  readonly operation: AdmissionOperation;
  readonly kind: GroupVersionKind;
  readonly resource: GroupVersionResource;
  /** Empty for the resource itself. */
  readonly subresource: string;
  /** Empty for cluster-scoped resources. */
  readonly namespace: string;
  /** Empty while a name is still to be generated, and for deletecollection. */
  readonly name: string;
  /**
   * The new object: private to this request. `admit` may change it in place or put another one in its place;
   * `validate` must leave it alone. Undefined for DELETE; for CONNECT the options (`PodExecOptions`); for subresources
   * with a body of their own kind (`binding`, `eviction`, `scale`) that body.
   */
  object: KubernetesObject | undefined;
  /** What is stored now: shared, read-only. Undefined for CREATE and CONNECT. For UPDATE it is checked again on a conflict. */
  readonly oldObject: KubernetesObject | undefined;
  /** `CreateOptions`, `UpdateOptions`, `PatchOptions` or `DeleteOptions` with kind and apiVersion. */
  readonly options: KubernetesObject & Readonly<Record<string, unknown>>;
  /** Plug-ins with effects outside the object (quota, webhooks with side effects) must not have them. */
  readonly dryRun: boolean;
  readonly user: UserInfo;
  readonly signal: AbortSignal;
  /** Adds a `Warning` header to the answer. */
  warn(text: string): void;
  /** Adds an annotation to the audit event: `mutation.webhook.admission.k8s.io/round_0_index_0`. */
  annotate(key: string, value: string): void;
  /** Tells how long webhooks had the request, what it takes to ask them included: that time is not counted as this server's. */
  waited(milliseconds: number): void;
  /** The object in another served version of its group, for webhooks that match `Equivalent`. */
  toVersion(object: KubernetesObject, version: string): KubernetesObject;
}

/**
 * One admission plug-in. The list in `admission/plugins.ts` is the order (upstream's `AllOrderedPlugins`, webhooks last).
 * A write passes: decode → defaults → managed fields → **admit** of every plug-in in order → defaults again → strategy
 * (prepare, validate) → **validate** of every plug-in in order → store. On updates and patches both run inside the
 * optimistic loop, so they are called again with the newer `oldObject` after a conflict.
 *
 * To refuse, throw a StatusError; upstream's factories give the wording: `forbidden(resource, name, reason)` →
 * `pods "x" is forbidden: …`. Any other error becomes InternalError.
 */
export interface AdmissionPlugin {
  /** Upstream's name: `NamespaceLifecycle`, `ServiceAccount`. */
  readonly name: string;
  readonly operations: readonly AdmissionOperation[];
  /** A cheap look at resource and subresource that saves the call for all others; absent means all. */
  handles?(attributes: AdmissionAttributes): boolean;
  admit?(attributes: AdmissionAttributes): void | Promise<void>;
  validate?(attributes: AdmissionAttributes): void | Promise<void>;
  /** Called once with validation passed and the store done (or failed), so that reservations (quota) can be taken back. */
  finished?(attributes: AdmissionAttributes, written: boolean): void | Promise<void>;
}
