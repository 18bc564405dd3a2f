/** What a path of the Kubernetes API names. */
export interface RequestTarget {
  /** `pods`, `deployments.apps`. */
  readonly resource: string;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
  readonly query: URLSearchParams;
}

export function parsePath(path: string): RequestTarget {
  const mark = path.indexOf('?');
  const query = new URLSearchParams(mark < 0 ? '' : path.slice(mark + 1));
  const parts = (mark < 0 ? path : path.slice(0, mark)).split('/').slice(1).map(decodeURIComponent);
  const group = parts[0] === 'api' ? '' : (parts[1] ?? '');
  const rest = parts.slice(parts[0] === 'api' ? 2 : 3);
  const isInNamespace = rest[0] === 'namespaces' && rest.length > 2;
  const [resource = '', name, subresource] = isInNamespace ? rest.slice(2) : rest;
  return {
    resource: group === '' ? resource : `${resource}.${group}`,
    namespace: isInNamespace ? rest[1] : undefined,
    name,
    subresource,
    query,
  };
}
