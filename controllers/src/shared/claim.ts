import { isStatus } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { ResourceRef } from '@coracle/apimachinery/schema';
import type { Client } from '@coracle/client/rest';
import { objectKey } from '../runtime/keys.ts';
import { controllerOf, controllerReference } from './owners.ts';

export interface ClaimOptions<T extends KubernetesObject> {
  readonly client: Client;
  readonly owner: KubernetesObject;
  readonly ownerResource: ResourceRef;
  readonly resource: ResourceRef<T>;
  /** Whether the object is one the owner wants. */
  readonly matches: (object: T) => boolean;
  /** Finalizers that an adopted object is to carry. */
  readonly finalizers?: readonly string[];
}

export type ClaimDecision = 'keep' | 'ignore' | 'adopt' | 'release';

/** What an owner does with an object it sees (upstream's ClaimObject). */
export function decideClaim(object: KubernetesObject, owner: KubernetesObject, matches: boolean): ClaimDecision {
  const controller = controllerOf(object);
  const ownerLeaves = owner.metadata?.deletionTimestamp !== undefined;
  if (controller) {
    if (controller.uid !== owner.metadata?.uid) return 'ignore';
    if (matches) return 'keep';
    return ownerLeaves ? 'ignore' : 'release';
  }
  if (ownerLeaves || !matches || object.metadata?.deletionTimestamp !== undefined) return 'ignore';
  return object.metadata?.namespace === owner.metadata?.namespace ? 'adopt' : 'ignore';
}

/** The objects that the owner manages after adopting matching orphans and letting go of those that match no more. */
export async function claimObjects<T extends KubernetesObject>(
  objects: readonly T[],
  options: ClaimOptions<T>,
): Promise<T[]> {
  const claimed: T[] = [];
  let mayAdopt: boolean | undefined;
  for (const object of objects) {
    const decision = decideClaim(object, options.owner, options.matches(object));
    if (decision === 'keep') claimed.push(object);
    if (decision === 'release') await release(object, options);
    if (decision === 'adopt') {
      mayAdopt ??= await ownerStillLives(options);
      const adopted = mayAdopt ? await adopt(object, options) : undefined;
      if (adopted) claimed.push(adopted);
    }
  }
  return claimed;
}

/** A read past the cache: an owner that was just deleted must not take objects with it. */
async function ownerStillLives<T extends KubernetesObject>(options: ClaimOptions<T>): Promise<boolean> {
  const fresh = await options.client.get(options.ownerResource, objectKey(options.owner));
  if (fresh.metadata?.uid !== options.owner.metadata?.uid) {
    throw new Error(
      `original ${options.ownerResource.kind} ${options.owner.metadata?.namespace}/${options.owner.metadata?.name} is gone: ` +
        `got uid ${fresh.metadata?.uid}, wanted ${options.owner.metadata?.uid}`,
    );
  }
  return fresh.metadata?.deletionTimestamp === undefined;
}

async function adopt<T extends KubernetesObject>(object: T, options: ClaimOptions<T>): Promise<T | undefined> {
  const metadata = {
    uid: object.metadata?.uid,
    ownerReferences: [controllerReference(options.owner, options.ownerResource)],
    ...(options.finalizers ? { finalizers: options.finalizers } : {}),
  };
  try {
    return await options.client.patch(options.resource, objectKey(object), { type: 'strategic', body: { metadata } });
  } catch (error) {
    if (isStatus(error, 'NotFound')) return undefined;
    throw error;
  }
}

async function release<T extends KubernetesObject>(object: T, options: ClaimOptions<T>): Promise<void> {
  const metadata = {
    uid: object.metadata?.uid,
    ownerReferences: [{ $patch: 'delete', uid: options.owner.metadata?.uid }],
    ...(options.finalizers ? { '$deleteFromPrimitiveList/finalizers': options.finalizers } : {}),
  };
  try {
    await options.client.patch(options.resource, objectKey(object), { type: 'strategic', body: { metadata } });
  } catch (error) {
    // Gone, or replaced by another of its name (the uid does not match): in both cases no longer ours.
    if (!isStatus(error, 'NotFound') && !isStatus(error, 'Invalid')) throw error;
  }
}
