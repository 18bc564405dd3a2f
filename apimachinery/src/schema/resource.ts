import type { KubernetesObject } from '../meta/object-meta.ts';

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface GroupVersionResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}

/**
 * A resource at one version as a client names it. `T` only exists for the compiler: `client.get(Pods, …)` gives a `Pod`.
 * The generated table has one constant per built-in resource; custom resources make theirs with a literal.
 */
export interface ResourceRef<T extends KubernetesObject = KubernetesObject> extends GroupVersionResource {
  readonly kind: string;
  readonly namespaced: boolean;
  readonly __type?: T;
}

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

/** One row of the Scheme: a resource at one served version, with everything discovery says of it. */
export interface ResourceRow extends ResourceRef {
  readonly singular: string;
  readonly listKind: string;
  readonly verbs: readonly Verb[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: readonly SubresourceRow[];
  /** OpenAPI definition name of the kind, the key into the schema table. */
  readonly definition: string;
  /** The version that is written to the store; all served versions of one resource name the same. */
  readonly storageVersion: string;
  /** Set where the stored form belongs to another group: Events of events.k8s.io are stored as core ones. */
  readonly storageGroup?: string;
  /** Path segments between `/registry/` and the namespace, as upstream lays them out: `minions`, `services/specs`. */
  readonly storagePrefix: string;
  /** Text of the `Warning` header on every request to it; absent for what is not deprecated. */
  readonly deprecationWarning?: string;
}

export interface SubresourceRow {
  /** The part after the slash: `status`, `scale`, `log`. */
  readonly name: string;
  /** Kind of the body, which may live in another group: `autoscaling/v1 Scale`. */
  readonly kind: GroupVersionKind;
  readonly verbs: readonly Verb[];
}

/** `apps/v1` or `v1`. */
export function groupVersion(gv: { group: string; version: string }): string {
  return gv.group === '' ? gv.version : `${gv.group}/${gv.version}`;
}

/** Why a text is no `apiVersion` (schema.ParseGroupVersion); undefined where it is one. */
export function groupVersionProblem(text: string): string | undefined {
  return text.split('/', 3).length > 2 ? `unexpected GroupVersion string: ${text}` : undefined;
}

export function parseGroupVersion(text: string): { group: string; version: string } {
  const slash = text.indexOf('/');
  return slash < 0 ? { group: '', version: text } : { group: text.slice(0, slash), version: text.slice(slash + 1) };
}
