import {
  conflict,
  type FieldError,
  invalid,
  notFound,
  optimisticLockMessage,
  plainError,
  quote,
} from '@coracle/apimachinery/errors';
import { deepEqual, getAt, removeAt, setAt } from '@coracle/apimachinery/json';
import type { KubernetesObject, ManagedFieldsEntry, ObjectMeta } from '@coracle/apimachinery/meta';
import type { AdmissionAttributes } from '../admission/admission.ts';
import type { StoredObject } from '../storage/object-store/object-store.ts';
import { createObject } from './create.ts';
import { findingsOf } from './findings.ts';
import { dropGatedFields } from './gated-fields.ts';
import { generationGrows, resetPaths } from './generation.ts';
import { failedPrecondition } from './precondition.ts';
import {
  assign,
  carryOverSystemFields,
  dedupeOwnerReferences,
  checkName,
  fillNamespace,
  metadataUpdateErrors,
  missingVersionError,
} from './metadata.ts';
import { storedKind } from './served-resource.ts';
import type { FieldPath, Finish } from './strategy.ts';
import { admissionAttributes, authorizeCreate, metaOf, type Write, type WriteResult } from './write.ts';

/**
 * Makes the new object: a private one, in storage version, with defaults set and managed fields told. `current` is shared.
 * Called again where somebody else wrote in between. `undefined` as `current` asks for an object that is to be created.
 */
export type Produce = (current: StoredObject | undefined) => KubernetesObject | Promise<KubernetesObject>;

export interface UpdateOptions {
  /** PUT of a kind that allows it, and server-side apply, create what does not exist. */
  readonly mayCreate: boolean;
  /** A uid in the new object is that of the stored one, or there is a conflict: so for PUT. For a patch it may not change. */
  readonly uidIsPrecondition: boolean;
}

/** Races between "does not exist" and "exists already" are settled within a few rounds or not at all. */
const createOrUpdateRoundsMax = 5;

/** Changes an object, or creates it where that is allowed. See `Strategy` for the order of steps. */
export async function updateObject(
  write: Write,
  name: string,
  produce: Produce,
  options: UpdateOptions,
): Promise<WriteResult> {
  const { resource } = write;
  for (let round = 0; round < createOrUpdateRoundsMax; round++) {
    const result = await new Update(write, name, produce, options).run();
    if (result !== undefined) return result;
    if (!options.mayCreate) throw notFound(resource.groupResource, name);
    await authorizeCreate(write, name);
    const object = await produce(undefined);
    const meta = metaOf(object);
    checkVersionText(meta);
    if (meta.uid && options.uidIsPrecondition) throw uidConflict(write, name, meta.uid, meta.namespace, '');
    if (meta.uid) {
      const mismatch = `uid mismatch: the provided object specified uid ${meta.uid}, and no existing object was found`;
      throw conflict(resource.groupResource, name, mismatch);
    }
    checkName(meta, name);
    delete meta.resourceVersion;
    try {
      return await createObject(write, object);
    } catch (error) {
      const existing = await resource.store.get(keyOf(write, name), { type: 'newest' });
      if (existing === undefined || !isAlreadyExists(error)) throw error;
    }
  }
  throw conflict(resource.groupResource, name, optimisticLockMessage);
}

function checkVersionText({ resourceVersion }: ObjectMeta): void {
  if (!resourceVersion || /^\d+$/.test(resourceVersion)) return;
  throw plainError(`strconv.ParseUint: parsing ${quote(resourceVersion)}: invalid syntax`);
}

/** In the store's own words, which upstream hands on. `stored` is empty where there is no object. */
function uidConflict(write: Write, name: string, uid: string, namespace: string | undefined, stored: string) {
  const { row, groupResource } = write.resource;
  const key = `/${row.storagePrefix}/${namespace === undefined ? '' : `${namespace}/`}${name}`;
  const why = failedPrecondition('UID', uid, stored);
  const text = `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`;
  return conflict(groupResource, name, text);
}

function isAlreadyExists(error: unknown): boolean {
  return (error as { reason?: unknown }).reason === 'AlreadyExists';
}

export function keyOf(write: Write, name: string): { namespace?: string; name: string } {
  return write.resource.row.namespaced ? { namespace: write.context.namespace, name } : { name };
}

/** Thrown inside the optimistic loop: the update took the last finalizer of an object that is being deleted. */
class NothingHoldsIt extends Error {
  readonly object: KubernetesObject;

  constructor(object: KubernetesObject) {
    super('the last finalizer is gone');
    this.object = object;
  }
}

/** One update of one object: the optimistic loop, and what must be told about its end. */
class Update {
  readonly #write: Write;
  readonly #name: string;
  readonly #produce: Produce;
  readonly #options: UpdateOptions;
  #finish: Finish | undefined;
  #attributes: AdmissionAttributes | undefined;
  #old: StoredObject | undefined;

  constructor(write: Write, name: string, produce: Produce, options: UpdateOptions) {
    this.#write = write;
    this.#name = name;
    this.#produce = produce;
    this.#options = options;
  }

  /** Undefined where the object does not exist. */
  async run(): Promise<WriteResult | undefined> {
    const { resource, context } = this.#write;
    const key = keyOf(this.#write, this.#name);
    let written = false;
    try {
      if (context.dryRun) {
        const current = await resource.store.get(key, { type: 'newest' });
        if (current === undefined) return undefined;
        return { object: await this.#change(current), stored: undefined, created: false };
      }
      const stored = await resource.store.update(key, (current) => this.#attempt(current));
      if (stored === undefined) return undefined;
      written = true;
      await this.#after(stored);
      return { object: stored.object, stored, created: false };
    } catch (error) {
      if (!(error instanceof NothingHoldsIt)) throw error;
      written = true;
      return this.#remove(error.object);
    } finally {
      await this.#end(written);
    }
  }

  /** An attempt that follows a conflict gives back what the one before it took. */
  async #attempt(current: StoredObject): Promise<KubernetesObject> {
    await this.#end(false);
    return this.#change(current);
  }

  async #end(written: boolean): Promise<void> {
    const finish = this.#finish;
    const attributes = this.#attributes;
    this.#finish = undefined;
    this.#attributes = undefined;
    if (finish !== undefined) await finish(written);
    if (attributes !== undefined) await this.#write.admission.finished(attributes, written);
  }

  async #change(current: StoredObject): Promise<KubernetesObject> {
    const { resource, context, admission } = this.#write;
    const old = current.object;
    this.#old = current;
    const produced = await this.#produce(current);
    const meta = metaOf(produced);
    const oldMeta = old.metadata ?? {};
    fillNamespace(meta, resource.row.namespaced ? context.namespace : '');
    checkName(meta, this.#name);
    this.#checkVersion(meta, oldMeta);

    const attributes = admissionAttributes(this.#write, 'UPDATE', this.#name, produced, old);
    this.#attributes = attributes;
    await admission.admit(attributes);
    const admitted = attributes.object ?? produced;
    dedupeOwnerReferences(admitted, true, context.warn);
    resource.setStorageDefaults(admitted);
    // In its written form before it is compared with what is stored, and again after the kind's own rules.
    const written = resource.withZeros(admitted);
    await this.#prepare(written, old);
    const object = context.dryRun ? resource.normalize(written) : resource.storedForm(written);
    ignoreManagedFieldsTimes(object, old);
    if (isSame(object, old)) return old;
    await admission.validate({ ...attributes, object });
    if (this.#holdsNoMore(object, old) && !context.dryRun) throw new NothingHoldsIt(object);
    if (this.#write.subresource === undefined) {
      this.#finish = (await resource.strategy.beginUpdate?.(object, old, context)) ?? undefined;
    }
    return object;
  }

  #checkVersion(meta: ObjectMeta, old: ObjectMeta): void {
    const { resource } = this.#write;
    if (this.#options.uidIsPrecondition && meta.uid && meta.uid !== old.uid) {
      throw uidConflict(this.#write, this.#name, meta.uid, old.namespace, old.uid ?? '');
    }
    checkVersionText(meta);
    if (!meta.resourceVersion || meta.resourceVersion === '0') {
      if (resource.strategy.unconditionalUpdate === false) {
        throw invalid({ group: resource.row.group, kind: resource.row.resource }, this.#name, [missingVersionError()]);
      }
      assign(meta, 'resourceVersion', old.resourceVersion);
    } else if (meta.resourceVersion !== old.resourceVersion) {
      throw conflict(resource.groupResource, this.#name, optimisticLockMessage);
    }
  }

  async #prepare(object: KubernetesObject, old: KubernetesObject): Promise<void> {
    const { resource, context, subresource } = this.#write;
    const { strategy } = resource;
    const meta = metaOf(object);
    const oldMeta = old.metadata ?? {};
    assign(meta, 'generation', oldMeta.generation);
    const rules = subresource ?? strategy;
    const gatedGrowth = strategy.countsGatedFields === true && this.#generationGrows(object, old);
    dropGatedFields(object, old, resource.schema);
    if (rules.prepareForUpdate !== undefined) await rules.prepareForUpdate(object, old, context);
    else
      restore(
        object,
        old,
        subresource === undefined ? resetPaths(resource) : subresourceResets(this.#write, object, old),
      );
    carryOverSystemFields(meta, oldMeta);
    if (gatedGrowth || this.#generationGrows(object, old)) meta.generation = (oldMeta.generation ?? 0) + 1;

    const errors: FieldError[] = metadataUpdateErrors(resource, meta, oldMeta, object);
    const metadataErrorsCount = errors.length;
    if (subresource === undefined && strategy.validate !== undefined) {
      errors.push(...(await strategy.validate(object, old, context)));
    }
    if (rules.validateUpdate !== undefined) {
      const changes = await rules.validateUpdate(object, old, context);
      if (subresource === undefined && strategy.changesFirst === true)
        errors.splice(metadataErrorsCount, 0, ...changes);
      else errors.push(...changes);
    }
    const found = findingsOf(resource, errors, object, old);
    if (found.length > 0) throw invalid(storedKind(resource), this.#name, found);
    for (const text of rules.warnings?.(object, old) ?? []) context.warn(text);
    strategy.canonicalize?.(object);
  }

  #generationGrows(object: KubernetesObject, old: KubernetesObject): boolean {
    const { resource, subresource } = this.#write;
    if (subresource === undefined) return generationGrows(resource, object, old);
    return typeof subresource.generation === 'function' && subresource.generation(object, old);
  }

  #holdsNoMore(object: KubernetesObject, old: KubernetesObject): boolean {
    if (old.metadata?.deletionTimestamp === undefined) return false;
    if ((object.metadata?.finalizers?.length ?? 0) > 0) return false;
    if (this.#write.resource.strategy.deletion?.holds?.(object) === true) return false;
    return (old.metadata.deletionGracePeriodSeconds ?? 0) === 0;
  }

  /** Deletes what nothing holds any more. The client that sent a PUT gets back the object it sent. */
  async #remove(object: KubernetesObject): Promise<WriteResult> {
    const { resource } = this.#write;
    const old = this.#old;
    const deleted = await resource.store.delete(keyOf(this.#write, this.#name), (current) => {
      if (current.object.metadata?.uid === old?.object.metadata?.uid && current.revision === old?.revision) return;
      throw conflict(resource.groupResource, this.#name, optimisticLockMessage);
    });
    if (deleted !== undefined) await runAfterDelete(this.#write, deleted.object);
    return { object, stored: undefined, created: false };
  }

  async #after(stored: StoredObject): Promise<void> {
    const { resource, context } = this.#write;
    const old = this.#old;
    if (old === undefined || resource.strategy.afterUpdate === undefined || old.revision === stored.revision) return;
    try {
      await resource.strategy.afterUpdate(stored.object, old.object, context);
    } catch (error) {
      context.environment.log.error('hook after an update failed', { resource: resource.groupResource, error });
    }
  }
}

export async function runAfterDelete(write: Write, object: KubernetesObject): Promise<void> {
  const { resource, context } = write;
  if (resource.strategy.afterDelete === undefined) return;
  try {
    await resource.strategy.afterDelete(object, context);
  } catch (error) {
    context.environment.log.error('hook after a delete failed', { resource: resource.groupResource, error });
  }
}

/** Puts fields back to what they were, or to nothing. */
function restore(object: KubernetesObject, old: KubernetesObject, paths: readonly FieldPath[]): void {
  const target = object as Record<string, unknown>;
  for (const path of paths) {
    const value = getAt(old, path);
    if (value === undefined) removeAt(target, path);
    else setAt(target, path, value);
  }
}

/** Through `status` only the status changes, and metadata as far as every update may: the rest is put back. */
function subresourceResets(write: Write, object: KubernetesObject, old: KubernetesObject): readonly FieldPath[] {
  if (write.subresource?.resetFields !== undefined) return write.subresource.resetFields;
  const names = new Set([...Object.keys(object), ...Object.keys(old)]);
  for (const kept of ['metadata', 'status', 'apiVersion', 'kind']) names.delete(kept);
  return [...names].map((name) => [name]);
}

/** An update that changed nothing but the times in managed fields has changed nothing. */
function ignoreManagedFieldsTimes(object: KubernetesObject, old: KubernetesObject): void {
  const now = object.metadata?.managedFields;
  const before = old.metadata?.managedFields;
  if (now === undefined || before === undefined || now === before || now.length !== before.length) return;
  if (!now.every((entry, index) => sameEntry(entry, before[index]))) return;
  const meta = metaOf(object);
  const withTimes = meta.managedFields;
  meta.managedFields = before;
  if (!deepEqual(object, old)) assign(meta, 'managedFields', withTimes);
}

function sameEntry(entry: ManagedFieldsEntry, other: ManagedFieldsEntry | undefined): boolean {
  if (other === undefined) return false;
  if (entry.time === other.time) return deepEqual(entry, other);
  return deepEqual({ ...entry, time: '' }, { ...other, time: '' });
}

function isSame(object: KubernetesObject, old: KubernetesObject): boolean {
  return deepEqual(object, old);
}
