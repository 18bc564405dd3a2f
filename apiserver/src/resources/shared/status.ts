import type { KubernetesObject } from '@coracle/apimachinery/meta';

/** The Status of an action (binding, eviction) that worked. */
export function success(): KubernetesObject {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } as KubernetesObject;
}
