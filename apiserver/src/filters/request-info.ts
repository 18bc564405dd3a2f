import type { ApiRequest } from '../http/api-request.ts';

/** What a request is about, worked out from its method, path and a few query parameters before anything else happens. */
export interface RequestInfo {
  readonly isResourceRequest: boolean;
  /** `get`, `list`, `watch`, `create`, …; the lower-case method for non-resource requests. */
  readonly verb: string;
  /** `api` or `apis`; empty for non-resource requests. */
  readonly prefix: string;
  readonly group: string;
  readonly version: string;
  /** Empty for cluster-scoped requests; for `namespaces/x` it is x, as upstream has it. */
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** Decoded path segments from the resource on. */
  readonly parts: readonly string[];
  /** The decoded path. */
  readonly path: string;
  /** As sent, for authorization of list, watch and deletecollection. */
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

const namespaceSubresources = new Set(['status', 'finalize']);
const verbOfMethod: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};
const verbsWithSelectors = new Set(['list', 'watch', 'deletecollection']);

/**
 * Resolves paths of the forms `/api/v1/…` and `/apis/<group>/<version>/…`, with `/namespaces/<namespace>/` before the
 * resource and the deprecated `/watch/` and `/proxy/` after the version; everything else is a non-resource request.
 * Source: k8s.io/apiserver pkg/endpoints/request/requestinfo.go.
 */
export function resolveRequestInfo(request: Pick<ApiRequest, 'method' | 'path' | 'query'>): RequestInfo {
  const path = decodePath(request.path);
  const segments = splitPath(path);
  const nonResource = (): RequestInfo => ({ ...emptyInfo, verb: request.method.toLowerCase(), path });
  const prefix = segments[0] ?? '';
  if (segments.length < 3 || (prefix !== 'api' && prefix !== 'apis')) return nonResource();
  let rest = segments.slice(1);
  let group = '';
  if (prefix === 'apis') {
    if (rest.length < 3) return nonResource();
    group = rest[0] as string;
    rest = rest.slice(1);
  }
  const version = rest[0] as string;
  rest = rest.slice(1);

  let verb = verbOfMethod[request.method] ?? '';
  const special = rest[0] === 'watch' || rest[0] === 'proxy';
  if (special) {
    verb = rest[0] as string;
    rest = rest.slice(1);
  }
  let namespace = '';
  if (rest[0] === 'namespaces' && rest.length > 1) {
    namespace = rest[1] as string;
    if (rest.length > 2 && !namespaceSubresources.has(rest[2] as string)) rest = rest.slice(2);
  }
  const resource = rest[0] ?? '';
  let name = rest[1] ?? '';
  const subresource = rest.length >= 3 && verb !== 'proxy' ? (rest[2] as string) : '';
  if (name === '' && verb === 'get') {
    verb = asksForWatch(request.query) ? 'watch' : 'list';
    name = exactNameOf(request.query.get('fieldSelector'));
  }
  if (name === '' && verb === 'delete') verb = 'deletecollection';
  const info = {
    isResourceRequest: true,
    verb,
    prefix,
    group,
    version,
    namespace,
    resource,
    subresource,
    name,
    parts: rest,
    path,
  };
  return special || !verbsWithSelectors.has(verb) ? info : withSelectors(info, request.query);
}

const emptyInfo = {
  isResourceRequest: false,
  prefix: '',
  group: '',
  version: '',
  namespace: '',
  resource: '',
  subresource: '',
  name: '',
  parts: [],
};

function withSelectors(info: RequestInfo, query: URLSearchParams): RequestInfo {
  const fieldSelector = query.get('fieldSelector');
  const labelSelector = query.get('labelSelector');
  if (fieldSelector === null && labelSelector === null) return info;
  return {
    ...info,
    ...(fieldSelector === null ? {} : { fieldSelector }),
    ...(labelSelector === null ? {} : { labelSelector }),
  };
}

/** Of a decoded path: an escaped slash is one like any other. */
function splitPath(path: string): string[] {
  let start = 0;
  let end = path.length;
  while (start < end && path.charCodeAt(start) === slashCode) start++;
  while (end > start && path.charCodeAt(end - 1) === slashCode) end--;
  return start === end ? [] : path.slice(start, end).split('/');
}

const slashCode = 0x2f;

function decodePath(path: string): string {
  return path.includes('%') ? path.split('/').map(decodeSegment).join('/') : path;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** `watch` counts as set for every value but `false` and `0`, as Go's query conversion has it. */
export function queryFlag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value.toLowerCase() !== 'false' && value !== '0';
}

function asksForWatch(query: URLSearchParams): boolean {
  return query.size > 0 && queryFlag(query, 'watch');
}

const exactName = /^metadata\.name={1,2}([^,=!\\]+)$/;

/** A selector on one name makes the request about that object, which is what authorizers need to see. */
function exactNameOf(fieldSelector: string | null): string {
  if (fieldSelector === null) return '';
  for (const term of fieldSelector.split(',')) {
    const name = exactName.exec(term)?.[1];
    if (name !== undefined && !/[/%]/.test(name) && name !== '.' && name !== '..') return name;
  }
  return '';
}
