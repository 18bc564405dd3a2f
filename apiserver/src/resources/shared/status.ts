import type { KubernetesObject } from '@coracle/apimachinery/meta';

/** The Status of an action (binding, eviction) that worked. */
export function success(): KubernetesObject {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } as KubernetesObject;
}

/** An update of the object itself leaves its status as it was. */
export function restoreStatus<T extends { status?: unknown }>(object: T, old: T): void {
  if (old.status === undefined) delete object.status;
  else object.status = old.status;
}
