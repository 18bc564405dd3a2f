import { type FieldError, field, quote } from '../errors/index.ts';
import { semanticEqual } from '../json/index.ts';
import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from '../meta/object-meta.ts';
import { byteLength, dns1123Label, labelValue, type NameRule, qualifiedName } from './names.ts';

/** All annotations of one object together, in bytes. */
const annotationsBytesMax = 256 * 1024;
const fieldManagerBytesMax = 128;
const subresourceBytesMax = 256;

/** Rules of metadata on every create (apimachinery/pkg/api/validation.ValidateObjectMeta). Name generation is done by now. */
export function validateObjectMeta(
  meta: ObjectMeta,
  namespaced: boolean,
  nameRule: NameRule,
  path = 'metadata',
): FieldError[] {
  const errors = validateMetaNames(meta, nameRule, path);
  if (namespaced) {
    if (!meta.namespace) errors.push(field.required(`${path}.namespace`));
    else {
      for (const text of dns1123Label(meta.namespace)) {
        errors.push(field.invalid(`${path}.namespace`, meta.namespace, text));
      }
    }
  } else if (meta.namespace) {
    errors.push(field.forbidden(`${path}.namespace`, 'not allowed on this type'));
  }
  errors.push(...validateNonNegative(meta.generation ?? 0, `${path}.generation`));
  errors.push(...validateSharedMeta(meta, path));
  errors.push(...validateFinalizers(meta.finalizers ?? [], `${path}.finalizers`));
  return errors;
}

/** The part of `validateObjectMeta` that is about the name, and about the one it is generated from. */
export function validateMetaNames(meta: ObjectMeta, nameRule: NameRule, path = 'metadata'): FieldError[] {
  const errors: FieldError[] = [];
  if (meta.generateName) {
    for (const text of nameRule(meta.generateName, true)) {
      errors.push(field.invalid(`${path}.generateName`, meta.generateName, text));
    }
  }
  if (!meta.name) errors.push(field.required(`${path}.name`, 'name or generateName is required'));
  else for (const text of nameRule(meta.name, false)) errors.push(field.invalid(`${path}.name`, meta.name, text));
  return errors;
}

/** Rules of metadata on every update: what may not change, plus the formats. */
export function validateObjectMetaUpdate(meta: ObjectMeta, old: ObjectMeta, path = 'metadata'): FieldError[] {
  return [...validateMetaChanges(meta, old, path), ...validateSharedMeta(meta, path)];
}

/** The part of `validateObjectMetaUpdate` that `validateObjectMeta` has not: what may not change. */
export function validateMetaChanges(meta: ObjectMeta, old: ObjectMeta, path = 'metadata'): FieldError[] {
  const errors: FieldError[] = [];
  if (old.deletionTimestamp !== undefined) {
    const before = new Set(old.finalizers);
    const added = [...new Set(meta.finalizers)].filter((name) => !before.has(name)).sort();
    if (added.length > 0) {
      const list = `[]string{${added.map(quote).join(', ')}}`;
      const text = `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`;
      errors.push(field.forbidden(`${path}.finalizers`, text));
    }
  }
  if (!meta.resourceVersion) {
    errors.push(field.invalid(`${path}.resourceVersion`, '', 'must be specified for an update'));
  }
  const generation = meta.generation ?? 0;
  errors.push(...validateNonNegative(generation, `${path}.generation`));
  if (generation < (old.generation ?? 0)) {
    errors.push(field.invalid(`${path}.generation`, generation, 'must not be decremented'));
  }
  errors.push(...validateImmutable(meta.name ?? '', old.name ?? '', `${path}.name`));
  errors.push(...validateImmutable(meta.namespace ?? '', old.namespace ?? '', `${path}.namespace`));
  errors.push(...validateImmutable(meta.uid ?? '', old.uid ?? '', `${path}.uid`));
  for (const name of ['creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    errors.push(...validateImmutable(meta[name], old[name], `${path}.${name}`));
  }
  return errors;
}

function validateSharedMeta(meta: ObjectMeta, path: string): FieldError[] {
  return [
    ...validateLabels(meta.labels, `${path}.labels`),
    ...validateAnnotations(meta.annotations, `${path}.annotations`),
    ...validateOwnerReferences(meta.ownerReferences ?? [], `${path}.ownerReferences`),
    ...validateManagedFields(meta.managedFields ?? [], `${path}.managedFields`),
  ];
}

export function validateNonNegative(value: number, path: string): FieldError[] {
  return value < 0 ? [field.invalid(path, value, 'must be greater than or equal to 0')] : [];
}

/** `field is immutable` where the two differ in meaning (absent and empty are the same). */
export function validateImmutable(value: unknown, old: unknown, path: string): FieldError[] {
  return semanticEqual(value, old) ? [] : [field.invalid(path, value, 'field is immutable')];
}

export function validateLabels(labels: Readonly<Record<string, string>> | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const key in labels) {
    for (const text of qualifiedName(key)) errors.push(field.invalid(path, key, text));
    const value = labels[key] as string;
    for (const text of labelValue(value)) errors.push(field.invalid(path, value, text));
  }
  return errors;
}

export function validateAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const key in annotations) {
    for (const text of qualifiedName(key.toLowerCase())) errors.push(field.invalid(path, key, text));
    bytes += byteLength(key) + byteLength(annotations[key] as string);
  }
  if (bytes > annotationsBytesMax) errors.push(field.tooLong(path, annotationsBytesMax));
  return errors;
}

function validateOwnerReferences(references: readonly OwnerReference[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  let controller = '';
  for (const [index, reference] of references.entries()) {
    const at = `${path}[${index}]`;
    if (!reference.apiVersion) errors.push(field.required(`${at}.apiVersion`, 'must not be empty'));
    else if (!/^(?:[^/]*\/)?[^/]+$/.test(reference.apiVersion)) {
      const text = 'must be <group>/<version> or <version>';
      errors.push(field.invalid(`${at}.apiVersion`, reference.apiVersion, text));
    }
    for (const name of ['kind', 'name', 'uid'] as const) {
      if (!reference[name]) errors.push(field.required(`${at}.${name}`, 'must not be empty'));
    }
    if (reference.apiVersion === 'v1' && reference.kind === 'Event') {
      errors.push(field.invalid(at, reference, '/v1, Kind=Event is disallowed from being an owner'));
    }
    if (reference.controller !== true) continue;
    const current = `${reference.kind}/${reference.name}`;
    if (controller === '') controller = current;
    else {
      const text = 'Only one reference can have Controller set to true. Found "true" in references for';
      errors.push(field.invalid(path, references, `${text} ${controller} and ${current}`));
    }
  }
  return errors;
}

export function validateFinalizers(finalizers: readonly string[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of finalizers) {
    for (const text of qualifiedName(name)) errors.push(field.invalid(path, name, text));
  }
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    const text = 'finalizer orphan and foregroundDeletion cannot be both set';
    errors.push(field.invalid(path, finalizers, text));
  }
  return errors;
}

export function validateManagedFields(entries: readonly ManagedFieldsEntry[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, entry] of entries.entries()) {
    const at = `${path}[${index}]`;
    if (!entry.operation) errors.push(field.required(`${at}.operation`, 'must not be empty'));
    else if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
      errors.push(field.notSupported(`${at}.operation`, entry.operation, ['Apply', 'Update']));
    }
    if (entry.fieldsType && entry.fieldsType !== 'FieldsV1') {
      errors.push(field.invalid(`${at}.fieldsType`, entry.fieldsType, 'must be `FieldsV1`'));
    }
    errors.push(...validateFieldManager(entry.manager ?? '', `${at}.manager`));
    if (byteLength(entry.subresource ?? '') > subresourceBytesMax) {
      errors.push(field.tooLong(`${at}.subresource`, subresourceBytesMax));
    }
  }
  return errors;
}

/** The name of a field manager: at most 128 bytes, printable. */
export function validateFieldManager(manager: string, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (byteLength(manager) > fieldManagerBytesMax) errors.push(field.tooLong(path, fieldManagerBytesMax));
  let position = 0;
  for (const character of manager) {
    if (!/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character)) {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
      errors.push(field.invalid(path, manager, `invalid character U+${code} (at position ${position})`));
    }
    position += byteLength(character);
  }
  return errors;
}
