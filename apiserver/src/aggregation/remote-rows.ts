import { isObject } from '@coracle/apimachinery/json';
import { parseGroupVersion, type ResourceRow, type SubresourceRow, type Verb } from '@coracle/apimachinery/schema';

/** The rows of an APIResourceList that another server answered: what discovery shows of its resources. */
export function rowsOfResourceList(document: Record<string, unknown>, group: string, version: string): ResourceRow[] {
  const entries = Array.isArray(document['resources']) ? document['resources'].filter(isObject) : [];
  const rows = entries.filter((entry) => !text(entry, 'name').includes('/'));
  return rows.map((entry) => {
    const resource = text(entry, 'name');
    const kind = text(entry, 'kind');
    return {
      group,
      version,
      resource,
      kind,
      namespaced: entry['namespaced'] === true,
      singular: text(entry, 'singularName'),
      listKind: `${kind}List`,
      verbs: texts(entry, 'verbs') as Verb[],
      shortNames: texts(entry, 'shortNames'),
      categories: texts(entry, 'categories'),
      subresources: entries.flatMap((other) => subresourceOf(other, resource, { group, version })),
      definition: '',
      storageVersion: version,
      storagePrefix: '',
    };
  });
}

function subresourceOf(
  entry: Record<string, unknown>,
  resource: string,
  own: { readonly group: string; readonly version: string },
): SubresourceRow[] {
  const name = text(entry, 'name');
  if (!name.startsWith(`${resource}/`)) return [];
  const version = text(entry, 'version');
  const gv = version === '' ? own : { group: text(entry, 'group'), version: parseGroupVersion(version).version };
  const verbs = texts(entry, 'verbs') as Verb[];
  return [{ name: name.slice(resource.length + 1), kind: { ...gv, kind: text(entry, 'kind') }, verbs }];
}

function text(entry: Record<string, unknown>, name: string): string {
  const value = entry[name];
  return typeof value === 'string' ? value : '';
}

function texts(entry: Record<string, unknown>, name: string): string[] {
  const value = entry[name];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
