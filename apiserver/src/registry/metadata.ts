import { badRequest, field, type FieldError } from '@coracle/apimachinery/errors';
import { deepEqual } from '@coracle/apimachinery/json';
import type { KubernetesObject, ObjectMeta, OwnerReference } from '@coracle/apimachinery/meta';
import {
  type NameRule,
  nameIsDnsSubdomain,
  nameIsPathSegment,
  validateMetaChanges,
  validateMetaNames,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from '@coracle/apimachinery/validation';
import type { ServedResource } from './served-resource.ts';
import { metaOf } from './write.ts';

let lastSecond = { second: 0, text: '1970-01-01T00:00:00Z' };

/** RFC 3339 with whole seconds, as `metav1.Time` is written. */
export function timestamp(nowMs: number): string {
  const second = Math.floor(nowMs / 1000);
  if (lastSecond.second !== second) lastSecond = { second, text: `${new Date(nowMs).toISOString().slice(0, 19)}Z` };
  return lastSecond.text;
}

/** Puts the namespace of the request on the object. Throws BadRequest where it has another one; a cluster-scoped one has none. */
export function fillNamespace(meta: ObjectMeta, expected: string): void {
  if (expected === '') {
    delete meta.namespace;
    return;
  }
  if (meta.namespace === undefined || meta.namespace === '') meta.namespace = expected;
  else if (meta.namespace !== expected) throw namespaceMismatch();
}

function namespaceMismatch() {
  return badRequest('the namespace of the provided object does not match the namespace sent on the request');
}

/** Throws BadRequest where a body names another object than the path does, or none. */
export function checkName(meta: ObjectMeta, expected: string): void {
  if (meta.name === undefined || meta.name === '') {
    throw badRequest(`the name of the object (${expected} based on URL) was undeterminable: name must be provided`);
  }
  if (meta.name !== expected) {
    throw badRequest(`the name of the object (${meta.name}) does not match the name on the URL (${expected})`);
  }
}

/** What a client may not say of an object that does not exist yet. */
export function wipeSystemFields(meta: ObjectMeta): void {
  delete meta.uid;
  delete meta.creationTimestamp;
  delete meta.deletionTimestamp;
  delete meta.deletionGracePeriodSeconds;
  delete meta.selfLink;
}

/** What an update may not change is carried over; what it left out is filled in. */
export function carryOverSystemFields(meta: ObjectMeta, old: ObjectMeta): void {
  if (meta.uid === undefined || meta.uid === '') assign(meta, 'uid', old.uid);
  if (old.creationTimestamp) meta.creationTimestamp = old.creationTimestamp;
  if (old.deletionTimestamp !== undefined) meta.deletionTimestamp = old.deletionTimestamp;
  if (old.deletionGracePeriodSeconds !== undefined) meta.deletionGracePeriodSeconds ??= old.deletionGracePeriodSeconds;
  delete meta.selfLink;
}

export function assign<K extends keyof ObjectMeta>(meta: ObjectMeta, name: K, value: ObjectMeta[K] | undefined): void {
  if (value === undefined) delete meta[name];
  else meta[name] = value;
}

/** Takes repeated owner references out, with a warning: they would make the garbage collector look twice. */
export function dedupeOwnerReferences(
  object: KubernetesObject,
  afterAdmission: boolean,
  warn: (text: string) => void,
): void {
  const references = object.metadata?.ownerReferences;
  if (references === undefined || references.length < 2) return;
  const unique: OwnerReference[] = [];
  const duplicates: string[] = [];
  for (const reference of references) {
    if (unique.some((other) => deepEqual(other, reference))) duplicates.push(reference.uid);
    else unique.push(reference);
  }
  if (duplicates.length === 0) return;
  metaOf(object).ownerReferences = unique;
  const when = afterAdmission ? ' after mutating admission happens' : '';
  warn(
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject ` +
      `such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${duplicates.join(', ')}`,
  );
}

/** The metadata rules of a create. */
export function metadataErrors(resource: ServedResource, meta: ObjectMeta, object: KubernetesObject): FieldError[] {
  return [
    ...validateObjectMeta(meta, resource.row.namespaced, nameRuleOf(resource, object)),
    ...finalizerErrors(resource, meta),
  ];
}

function nameRuleOf({ strategy }: ServedResource, object: KubernetesObject): NameRule {
  const rule = strategy.validateName ?? nameIsDnsSubdomain;
  return (name, prefix) => rule(name, prefix, object);
}

/** What the metadata of any object must be, whatever its kind says of names (rest.BeforeCreate, rest.BeforeUpdate). */
export function anyMetadataErrors(resource: ServedResource, meta: ObjectMeta): FieldError[] {
  return validateObjectMeta(meta, resource.row.namespaced, nameIsPathSegment);
}

/** The metadata rules of an update. The kind's rule of names was asked when the object was made; a few kinds ask it again. */
export function metadataUpdateErrors(
  resource: ServedResource,
  meta: ObjectMeta,
  old: ObjectMeta,
  object: KubernetesObject,
): FieldError[] {
  const errors = anyMetadataErrors(resource, meta);
  if (resource.schema.builtin !== true) {
    // The generic rules and the kind's own are the same ones here, and upstream tells of both.
    const changes = validateObjectMetaUpdate(meta, old);
    return [...errors, ...changes, ...changes];
  }
  return [
    ...errors,
    ...validateMetaChanges(meta, old),
    ...finalizerErrors(resource, meta),
    ...(resource.strategy.judgesNamesAgain === true ? validateMetaNames(meta, nameRuleOf(resource, object)) : []),
  ];
}

const standardFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);
/** Not judged by the rules of core upstream: their finalizers may have any name, as those of custom resources. */
const freelyNamed = new Set([
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'node.k8s.io',
  'policy',
]);

/** Finalizers of built-in kinds are standard ones or have a domain (validateKubeFinalizerName in pkg/apis/core/validation). */
function finalizerErrors({ schema, row }: ServedResource, { finalizers }: ObjectMeta): FieldError[] {
  if (finalizers === undefined || schema.builtin !== true || freelyNamed.has(row.group)) return [];
  return finalizers.flatMap((name, index) => {
    if (name.includes('/') || standardFinalizers.has(name)) return [];
    const text = 'name is neither a standard finalizer name nor is it fully qualified';
    return [field.invalid(`metadata.finalizers[${index}]`, name, text)];
  });
}

/** An update without a version, where the kind insists on one. */
export function missingVersionError(): FieldError {
  return field.invalid('metadata.resourceVersion', 0, 'must be specified for an update');
}
