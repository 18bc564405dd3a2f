import { conflict, notFound, optimisticLockMessage } from '@coracle/apimachinery/errors';
import { deepCopy, deepEqual } from '@coracle/apimachinery/json';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { StoredObject } from '../storage/object-store/object-store.ts';
import { type DeletionPlan, planDeletion } from './deletion-plan.ts';
import type { DeleteOptions } from './readers.ts';
import { failedPrecondition } from './precondition.ts';
import { storedKind } from './served-resource.ts';
import { keyOf, runAfterDelete } from './update.ts';
import { admissionAttributes, type Write } from './write.ts';

export interface DeleteResult {
  /** The last state, or the present one of an object that stays for now. */
  readonly object: KubernetesObject;
  readonly stored: StoredObject | undefined;
  /** False where finalizers or a grace period hold the object back. */
  readonly deleted: boolean;
}

/** Thrown inside the optimistic loop: the object has changed so much that the deletion must be planned anew. */
class PlanChanged extends Error {}

/** An object that changes its mind more often than this while it is deleted is left to the client. */
const planningRoundsMax = 10;

/**
 * Deletes an object, or marks it as being deleted where finalizers or a grace period hold it. Options must be validated.
 * Throws NotFound, Conflict for preconditions that do not hold, and what admission has against it.
 * Source: k8s.io/apiserver pkg/registry/generic/registry/store.go Delete. Unlike there, a deletion that nothing holds is one
 * write, not two.
 */
export async function deleteObject(write: Write, name: string, options: DeleteOptions): Promise<DeleteResult> {
  const { resource } = write;
  warnUndecided(write, options);
  for (let round = 0; round < planningRoundsMax; round++) {
    const current = await resource.store.get(keyOf(write, name), { type: 'newest' });
    if (current === undefined) throw notFound(resource.groupResource, name);
    checkPreconditions(write, current.object, options);
    checkUnsafe(write, current.object, options);
    const plan = planDeletion(write, current.object, options);
    try {
      if (plan.type === 'now') return await new Deletion(write, name, options).remove(current);
      if (plan.type === 'mark') return await new Deletion(write, name, options).mark(current);
      return { object: current.object, stored: current, deleted: false };
    } catch (error) {
      if (!(error instanceof PlanChanged)) throw error;
    }
  }
  throw conflict(resource.groupResource, name, optimisticLockMessage);
}

/** What can be read must be deleted as everything is (KEP-3926). */
function checkUnsafe({ resource }: Write, { metadata = {} }: KubernetesObject, options: DeleteOptions): void {
  if (options.ignoreStoreReadErrorWithClusterBreakingPotential !== true) return;
  const { namespace, name = '' } = metadata;
  const key = `/${resource.row.storagePrefix}/${namespace === undefined ? '' : `${namespace}/`}${name}`;
  const why = 'unsafe deletion is not allowed because the object is decodable from storage';
  const text = `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`;
  throw conflict(resource.groupResource, name, text);
}

function warnUndecided({ resource, context }: Write, { propagationPolicy, orphanDependents }: DeleteOptions): void {
  const text = resource.strategy.deletion?.undecidedWarning;
  if (text !== undefined && propagationPolicy === undefined && orphanDependents === undefined) context.warn(text);
}

class Deletion {
  readonly #write: Write;
  readonly #name: string;
  readonly #options: DeleteOptions;

  constructor(write: Write, name: string, options: DeleteOptions) {
    this.#write = write;
    this.#name = name;
    this.#options = options;
  }

  async remove(seen: StoredObject): Promise<DeleteResult> {
    const { resource, context } = this.#write;
    if (context.dryRun) {
      await this.#check(seen, 'now');
      return { object: this.#lastState(seen.object), stored: undefined, deleted: true };
    }
    const deleted = await resource.store.delete(keyOf(this.#write, this.#name), async (current) => {
      await this.#check(current, 'now');
    });
    if (deleted === undefined) throw notFound(resource.groupResource, this.#name);
    await runAfterDelete(this.#write, deleted.object);
    return { object: this.#lastState(deleted.object), stored: undefined, deleted: true };
  }

  #lastState(object: KubernetesObject): KubernetesObject {
    const plan = planDeletion(this.#write, object, this.#options);
    if (plan.type !== 'now') return object;
    const copy = deepCopy(object);
    plan.apply(copy);
    return copy;
  }

  async mark(seen: StoredObject): Promise<DeleteResult> {
    const { resource, context } = this.#write;
    if (context.dryRun) return { object: await this.#marked(seen), stored: undefined, deleted: false };
    const key = keyOf(this.#write, this.#name);
    const stored = await resource.store.update(key, (current) => this.#marked(current));
    if (stored === undefined) throw notFound(resource.groupResource, this.#name);
    return { object: stored.object, stored, deleted: false };
  }

  async #marked(current: StoredObject): Promise<KubernetesObject> {
    const plan = await this.#check(current, 'mark');
    const marked = deepCopy(current.object);
    if (plan.type === 'mark') plan.apply(marked);
    // Only once: whoever finishes a deletion takes those marks off again, and deletes once more.
    if (current.object.metadata?.deletionTimestamp === undefined) {
      this.#write.resource.strategy.deletion?.markDeleting?.(marked, this.#write.context);
    }
    return deepEqual(marked, current.object) ? current.object : marked;
  }

  /** Everything that may speak against it, asked about the very state that the write replaces. */
  async #check(current: StoredObject, expected: DeletionPlan['type']): Promise<DeletionPlan> {
    const { resource, context } = this.#write;
    checkPreconditions(this.#write, current.object, this.#options);
    const plan = planDeletion(this.#write, current.object, this.#options);
    if (plan.type !== expected) throw new PlanChanged();
    await resource.strategy.deletion?.check?.(current.object, this.#options, context);
    await admitDelete(this.#write, current.object);
    return plan;
  }
}

/** Plug-ins see a delete once in each phase, with what is stored as the old object. */
async function admitDelete(write: Write, current: KubernetesObject): Promise<void> {
  if (!write.admission.handles('DELETE')) return;
  const attributes = admissionAttributes(write, 'DELETE', current.metadata?.name ?? '', undefined, current);
  await write.admission.admit(attributes);
  await write.admission.validate(attributes);
}

/** Throws Conflict where the object is not the one the client means. */
function checkPreconditions({ resource }: Write, current: KubernetesObject, { preconditions }: DeleteOptions): void {
  if (preconditions === undefined) return;
  const meta = current.metadata ?? {};
  for (const [name, label, after] of preconditionFields) {
    const [wanted, found = ''] = [preconditions[name], meta[name]];
    if (wanted === undefined || wanted === found) continue;
    const failed = resource.strategy.deletion?.failedPrecondition;
    if (failed !== undefined) {
      throw conflict(resource.groupResource, meta.name ?? '', failedPrecondition(label, wanted, found, failed));
    }
    const { group, kind } = storedKind(resource);
    const text = `the ${label} in the precondition (${wanted}) does not match the ${label} in record (${found}). ${after}`;
    throw conflict({ group, resource: kind }, meta.name ?? '', text);
  }
}

const preconditionFields = [
  ['uid', 'UID', 'The object might have been deleted and then recreated'],
  ['resourceVersion', 'ResourceVersion', 'The object might have been modified'],
] as const;
