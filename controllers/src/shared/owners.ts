import type { KubernetesObject, OwnerReference } from '@coracle/apimachinery/meta';
import { groupVersion, type ResourceRef } from '@coracle/apimachinery/schema';

/** The one owner reference that says who manages the object. */
export function controllerOf(object: KubernetesObject): OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find((reference) => reference.controller === true);
}

export function isControlledBy(object: KubernetesObject, owner: KubernetesObject): boolean {
  const uid = controllerOf(object)?.uid;
  return uid !== undefined && uid === owner.metadata?.uid;
}

/** The reference by which `owner` manages its children. */
export function controllerReference(owner: KubernetesObject, resource: ResourceRef): OwnerReference {
  return {
    apiVersion: groupVersion(resource),
    kind: resource.kind,
    name: owner.metadata?.name ?? '',
    uid: owner.metadata?.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}
