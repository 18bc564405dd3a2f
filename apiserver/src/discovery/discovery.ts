import { createHash } from 'node:crypto';
import { unknownPath } from '@coracle/apimachinery/errors';
import {
  groupVersion,
  type GroupVersionKind,
  type ResourceRow,
  type SubresourceRow,
} from '@coracle/apimachinery/schema';
import { compareVersions } from '@coracle/apimachinery/scheme';
import type { RequestContext } from '../filters/filter.ts';
import type { PathHandler } from '../handlers/root.ts';
import type { ApiResponse } from '../http/api-request.ts';
import { clausesOf } from '../negotiation/accept.ts';
import { objectResponse } from '../negotiation/object-response.ts';

/** What discovery must know of the groups that this server serves itself or passes on. */
export interface DiscoverySource {
  /** Grows with every change; documents are made anew then. */
  readonly generation: number;
  groups(): readonly DiscoveredGroup[];
}

export interface DiscoveredGroup {
  /** Empty for the core group. */
  readonly group: string;
  /** The preferred one first. */
  readonly versions: readonly DiscoveredVersion[];
}

export interface DiscoveredVersion {
  readonly version: string;
  readonly rows: readonly ResourceRow[];
  /** Made by custom resource definitions. */
  readonly custom?: boolean;
  /** `Stale` where an aggregated server could not be asked. */
  readonly freshness?: 'Current' | 'Stale';
}

/** Answers /api, /apis and the documents below them, in the legacy and in the aggregated form. */
export function discoveryPaths(source: DiscoverySource, serverAddress: () => string): PathHandler {
  const documents = new Documents(source);
  return (context) => {
    const path = context.info.path.replace(/\/+$/, '');
    if (context.request.method !== 'GET' || !(path.startsWith('/api/') || path.startsWith('/apis/') || isRoot(path))) {
      return undefined;
    }
    if (isRoot(path)) {
      const version = aggregatedVersion(context.request.headers['accept']);
      if (version !== undefined) return documents.aggregated(path, version, context);
    }
    const document = legacyDocument(source, path, serverAddress);
    if (document === undefined) throw unknownPath();
    return objectResponse(document, context.request);
  };
}

function isRoot(path: string): boolean {
  return path === '/api' || path === '/apis';
}

/** Which aggregated form a client asks for; undefined for the legacy documents. */
function aggregatedVersion(accept: string | undefined): 'v2' | 'v2beta1' | undefined {
  for (const clause of accept === undefined ? [] : clausesOf(accept)) {
    const parameters = new Map(clause.parameters);
    if (clause.subtype !== 'json' && clause.subtype !== '*') continue;
    if (parameters.get('as') !== 'APIGroupDiscoveryList' || parameters.get('g') !== 'apidiscovery.k8s.io') {
      if (parameters.has('as')) continue;
      return undefined;
    }
    const version = parameters.get('v');
    if (version === 'v2' || version === 'v2beta1') return version;
  }
  return undefined;
}

/** Aggregated documents, encoded once for each state of the resources. */
class Documents {
  readonly #source: DiscoverySource;
  readonly #made = new Map<string, { readonly bytes: Uint8Array; readonly etag: string; readonly value: object }>();
  #generation = -1;

  constructor(source: DiscoverySource) {
    this.#source = source;
  }

  aggregated(path: string, version: 'v2' | 'v2beta1', { request }: RequestContext): ApiResponse {
    if (this.#generation !== this.#source.generation) {
      this.#made.clear();
      this.#generation = this.#source.generation;
    }
    const key = `${path} ${version}`;
    let made = this.#made.get(key);
    if (made === undefined) {
      const value = aggregatedDocument(this.#source, path, version);
      const bytes = Buffer.from(JSON.stringify(value));
      made = { value, bytes, etag: `"${createHash('sha512').update(bytes).digest('hex').toUpperCase()}"` };
      this.#made.set(key, made);
    }
    const { bytes, etag, value } = made;
    const headers = {
      'content-type': `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
      etag,
      vary: 'Accept',
      'cache-control': 'public',
    };
    if (request.headers['if-none-match'] === etag) return { status: 304, headers, body: { type: 'empty' } };
    return { status: 200, headers, body: { type: 'bytes', chunks: [bytes], value: () => value } };
  }
}

function aggregatedDocument(source: DiscoverySource, path: string, version: string): object {
  const groups = source.groups().filter(({ group }) => (group === '') === (path === '/api'));
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(({ group, versions }) => ({
      metadata: group === '' ? {} : { name: group },
      versions: versions.map((served) => ({
        version: served.version,
        resources: served.rows.map((row) => resourceDiscovery(row, served.custom === true)),
        freshness: served.freshness ?? 'Current',
      })),
    })),
  };
}

function resourceDiscovery(row: ResourceRow, isCustom: boolean): object {
  const { group, version, kind } = row;
  return {
    resource: row.resource,
    responseKind: responseKind({ group, version, kind }, row, isCustom),
    scope: row.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: row.singular,
    verbs: row.verbs,
    ...(row.shortNames.length === 0 ? {} : { shortNames: row.shortNames }),
    ...(row.categories.length === 0 ? {} : { categories: row.categories }),
    ...(row.subresources.length === 0
      ? {}
      : {
          subresources: row.subresources.map(({ name, kind: body, verbs }) => ({
            subresource: name,
            responseKind: responseKind(body, row, isCustom),
            verbs,
          })),
        }),
  };
}

/** Built-in resources leave out a group and version that are those of the document, custom ones say them. */
function responseKind(body: GroupVersionKind, { group, version }: ResourceRow, isCustom: boolean): GroupVersionKind {
  const isOwn = body.group === group && body.version === version;
  return isOwn && !isCustom ? { group: '', version: '', kind: body.kind } : body;
}

function legacyDocument(source: DiscoverySource, path: string, serverAddress: () => string): object | undefined {
  const groups = source.groups();
  if (path === '/api') {
    return {
      kind: 'APIVersions',
      versions: groups.find(({ group }) => group === '')?.versions.map(({ version }) => version) ?? [],
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: serverAddress() }],
    };
  }
  const named = groups.filter(({ group }) => group !== '');
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: named.map(groupDocument) };
  const [, prefix, ...rest] = path.split('/');
  const [group, version] = prefix === 'api' ? ['', rest[0]] : rest;
  if (rest.length > (prefix === 'api' ? 1 : 2)) return undefined;
  const found = groups.find((candidate) => candidate.group === group);
  if (found === undefined) return undefined;
  if (version === undefined) return { kind: 'APIGroup', apiVersion: 'v1', ...groupDocument(found) };
  const served = found.versions.find((candidate) => candidate.version === version);
  return served === undefined ? undefined : resourceList(found.group, served);
}

function groupDocument({ group, versions }: DiscoveredGroup): object {
  const named = versions.map(({ version }) => ({ groupVersion: groupVersion({ group, version }), version }));
  return { name: group, versions: named, preferredVersion: named[0] };
}

function resourceList(group: string, { version, rows }: DiscoveredVersion): object {
  return {
    kind: 'APIResourceList',
    // Upstream's core group leaves it out (`pkg/endpoints/discovery/legacy.go`).
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: groupVersion({ group, version }),
    resources: rows.flatMap((row) => [
      resourceEntry(row),
      ...row.subresources.map((sub) => subresourceEntry(row, sub)),
    ]),
  };
}

function resourceEntry(row: ResourceRow): object {
  return {
    name: row.resource,
    singularName: row.singular,
    namespaced: row.namespaced,
    kind: row.kind,
    verbs: row.verbs,
    ...(row.shortNames.length === 0 ? {} : { shortNames: row.shortNames }),
    ...(row.categories.length === 0 ? {} : { categories: row.categories }),
    ...(isStored(row) ? { storageVersionHash: storageVersionHash(row) } : {}),
  };
}

/** Reviews and bindings are answered and forgotten, component statuses found out when asked for. */
function isStored({ verbs }: ResourceRow): boolean {
  return verbs.includes('watch');
}

/** Tells clients whether the stored form changed. Source: discovery.StorageVersionHash upstream. */
function storageVersionHash(row: ResourceRow): string {
  const text = `${row.storageGroup ?? row.group}/${row.storageVersion}/${row.kind}`;
  return createHash('sha256').update(text).digest().subarray(0, 8).toString('base64');
}

function subresourceEntry(row: ResourceRow, { name, kind, verbs }: SubresourceRow): object {
  const foreign = kind.group !== row.group || kind.version !== row.version;
  return {
    name: `${row.resource}/${name}`,
    singularName: '',
    namespaced: row.namespaced,
    ...(foreign ? { group: kind.group, version: kind.version } : {}),
    kind: kind.kind,
    verbs,
  };
}

/** A group version that another server serves. */
export interface DiscoveredRemote extends DiscoveredVersion {
  readonly group: string;
}

/** The rows of a resource table as discovery lists them: `order` first, other groups by name. */
export function groupsOf(
  rows: Iterable<ResourceRow>,
  order: readonly string[],
  remotes: readonly DiscoveredRemote[] = [],
): DiscoveredGroup[] {
  const groups = new Map<string, Map<string, ResourceRow[]>>();
  const stale = new Set<string>();
  const remote = new Set(remotes.map(({ group, version }) => `${group}/${version}`));
  for (const { group, version, rows: remoteRows, freshness } of remotes) {
    const versions = groups.get(group) ?? new Map<string, ResourceRow[]>();
    groups.set(group, versions.set(version, [...remoteRows]));
    if (freshness === 'Stale') stale.add(`${group}/${version}`);
  }
  for (const row of rows) {
    const versions = groups.get(row.group) ?? new Map<string, ResourceRow[]>();
    groups.set(row.group, versions);
    versions.set(row.version, [...(versions.get(row.version) ?? []), row]);
  }
  const rank = new Map(order.map((group, index) => [group, index]));
  const names = [...groups.keys()].sort(
    (a, b) => (rank.get(a) ?? order.length) - (rank.get(b) ?? order.length) || (a < b ? -1 : 1),
  );
  return names.map((group) => ({
    group,
    versions: [...(groups.get(group) ?? [])]
      .sort(([a], [b]) => compareVersions(a, b))
      .map(([version, served]) => ({
        version,
        rows: served.sort((a, b) => (a.resource < b.resource ? -1 : 1)),
        ...(rank.has(group) || remote.has(`${group}/${version}`) ? {} : { custom: true }),
        freshness: stale.has(`${group}/${version}`) ? 'Stale' : 'Current',
      })),
  }));
}
