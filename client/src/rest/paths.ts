import type { ResourceRef } from '@coracle/apimachinery/schema';

export interface PathTarget {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

/** `/api/v1/namespaces/a/pods/b/status`: where a resource, one of its objects, or a subresource lives. */
export function pathOf(resource: ResourceRef, target: PathTarget): string {
  let path = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  if (resource.namespaced && target.namespace) path += `/namespaces/${encodeURIComponent(target.namespace)}`;
  path += `/${resource.resource}`;
  if (target.name !== undefined) path += `/${encodeURIComponent(target.name)}`;
  if (target.subresource !== undefined) path += `/${target.subresource}`;
  return path;
}

type QueryValue = string | number | boolean | undefined;

/** `?a=1&b=x`, without what is undefined; the empty string where nothing is left. */
export function queryOf(values: Readonly<Record<string, QueryValue>>): string {
  let query = '';
  for (const name in values) {
    const value = values[name];
    if (value === undefined) continue;
    query += `${query === '' ? '?' : '&'}${name}=${encodeURIComponent(String(value))}`;
  }
  return query;
}
