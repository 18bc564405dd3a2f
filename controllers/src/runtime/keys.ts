import type { KubernetesObject } from '@coracle/apimachinery/meta';

/** `namespace/name`, or the bare name of a cluster-wide object. */
export function keyOf(object: KubernetesObject): string {
  const { namespace, name = '' } = object.metadata ?? {};
  return namespace ? `${namespace}/${name}` : name;
}

export function splitKey(key: string): { namespace?: string; name: string } {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** Name and namespace as the client wants them. */
export function objectKey(object: KubernetesObject): { namespace?: string; name: string } {
  const { namespace, name = '' } = object.metadata ?? {};
  return namespace ? { namespace, name } : { name };
}
