import type { GroupVersionKind } from '@coracle/apimachinery/schema';
import type { Scheme } from '@coracle/apimachinery/scheme';
import type { CustomResourceDefinition } from '@coracle/apimachinery/types/apiextensions-v1';
import { definitionName } from '../customresources/index.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { customDefinitions, listNameOf } from './custom-schema.ts';
import { mergeDocumentsV2 } from './merge-v2.ts';
import type { PathItem } from './operation.ts';
import { pathItemV2 } from './print-v2.ts';
import { pathItemV3 } from './print-v3.ts';
import { resourcePaths } from './resource-paths.ts';
import { groupRoot, groupsRoot, openIdPaths, versionPath, versionRoot } from './root-paths.ts';
import { type Dialect, type Json, SchemaPrinter } from './schema-objects.ts';
import { SharedParameters } from './shared-parameters.ts';

/** What the documents are made from. */
export interface OpenApiSource {
  readonly scheme: Scheme;
  /** Grows with every change of what is served. */
  readonly generation: () => number;
  readonly resources: () => Iterable<ServedResource>;
  readonly definitions: () => Iterable<CustomResourceDefinition>;
  /** What other servers have for the group versions that they serve. */
  readonly remotes: () => readonly RemoteDocumentation[];
  /** `1.37`. */
  readonly version: string;
}

export interface RemoteDocumentation {
  readonly group: string;
  readonly version: string;
  /** Its swagger document, where it has one. */
  readonly v2?: Json;
  /** Where its document of OpenAPI 3 is, `/openapi/v3/apis/<group>/<version>?hash=…`; requests for it are passed on. */
  readonly v3?: string;
}

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

const bearerToken = {
  BearerToken: { description: 'Bearer Token authentication', type: 'apiKey', name: 'authorization', in: 'header' },
};

/** The swagger document of everything. */
export function documentV2(source: OpenApiSource): Json {
  const parts = new Parts(source, 'v2');
  const groupVersions = builtinGroupVersions(source);
  const groups = [...new Set(groupVersions.map(({ group }) => group))];
  const items = [
    groupsRoot,
    versionPath,
    ...openIdPaths,
    ...groups.map(groupRoot),
    ...groupVersions.map(versionRoot),
    ...parts.resourcePaths([...source.resources()]),
  ];
  const shared = new SharedParameters();
  const paths = items.map((item) => [item.path, pathItemV2(item, parts.reference, shared)] as const);
  const own = {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: source.version },
    paths: Object.fromEntries(paths.sort(byName)),
    definitions: parts.definitions(),
    parameters: shared.all(),
    securityDefinitions: bearerToken,
    security: [{ BearerToken: [] }],
  };
  const remotes = source.remotes().flatMap(({ v2, ...gv }) => (v2 === undefined ? [] : [{ ...gv, document: v2 }]));
  return mergeDocumentsV2(own, remotes);
}

/** The documents of OpenAPI 3 by the path that the index gives them: `apis/apps/v1`, `apis/apps`, `version`. */
export function documentsV3(source: OpenApiSource): ReadonlyMap<string, () => Json> {
  const documents = new Map<string, () => Json>();
  const fixed = [groupsRoot, versionPath, ...openIdPaths];
  const builtin = builtinGroupVersions(source);
  fixed.push(...[...new Set(builtin.map(({ group }) => group))].map(groupRoot));
  for (const item of fixed) documents.set(item.path.slice(1, -1), () => print(source, () => [item]));
  const isBuiltin = new Set(builtin.map(versionRootPath));
  for (const { row } of source.resources()) {
    const path = versionRootPath(row);
    if (documents.has(path)) continue;
    const roots = isBuiltin.has(path) ? [versionRoot(row)] : [];
    const served = () => [...source.resources()].filter((each) => versionRootPath(each.row) === path);
    documents.set(path, () => print(source, (parts) => [...roots, ...parts.resourcePaths(served())], row));
  }
  return documents;
}

function print(source: OpenApiSource, itemsOf: (parts: Parts) => readonly PathItem[], only?: GroupVersion): Json {
  const parts = new Parts(source, 'v3', only);
  const paths = itemsOf(parts).map((item) => [item.path, pathItemV3(item, parts.reference)] as const);
  const schemas = parts.definitions();
  const isCustom = only !== undefined && isCustomGroup(source, only.group);
  return {
    openapi: '3.0.0',
    info: isCustom ? customInfo : { title: 'Kubernetes', version: source.version },
    paths: Object.fromEntries(paths.toSorted(byName)),
    components: {
      ...(Object.keys(schemas).length === 0 ? {} : { schemas }),
      ...(isCustom ? {} : { securitySchemes: bearerToken }),
    },
  };
}

/** apiextensions-apiserver calls its documents so. */
const customInfo = { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' };

function isCustomGroup({ definitions }: OpenApiSource, group: string): boolean {
  return [...definitions()].some(({ spec }) => spec.group === group);
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

/** `api/v1` or `apis/apps/v1`. */
function versionRootPath(gv: GroupVersion): string {
  return versionRoot(gv).path.slice(1, -1);
}

function builtinGroupVersions({ resources, definitions }: OpenApiSource): GroupVersion[] {
  const custom = new Set([...definitions()].map(({ spec }) => spec.group));
  const found = new Map<string, GroupVersion>();
  for (const { row } of resources()) {
    if (!custom.has(row.group)) found.set(`${row.group}/${row.version}`, { group: row.group, version: row.version });
  }
  return [...found.values()];
}

/** The paths of one document, and the definitions that they and other definitions refer to. */
class Parts {
  readonly #source: OpenApiSource;
  readonly #only: GroupVersion | undefined;
  readonly #printer: SchemaPrinter;
  /** By name, printed when somebody refers to them. */
  readonly #custom = new Map<string, () => Json | undefined>();
  readonly #known = new Set<string>();
  readonly #pending: string[] = [];
  readonly reference = (definition: string): Json => this.#printer.reference(definition);

  /** `only`: the document is about this group version. */
  constructor(source: OpenApiSource, dialect: Dialect, only?: GroupVersion) {
    this.#source = source;
    this.#only = only;
    this.#printer = new SchemaPrinter(dialect, (definition) => {
      if (this.#known.has(definition)) return;
      this.#known.add(definition);
      this.#pending.push(definition);
    });
    for (const definition of source.definitions()) {
      for (const version of definition.spec.versions) {
        if (!version.served) continue;
        const name = definitionName(definition.spec.group, version.name, definition.spec.names.kind);
        const printed = () => customDefinitions(definition, version, name, dialect, this.reference);
        for (const each of [name, listNameOf(definition, name)]) this.#custom.set(each, () => printed().get(each));
      }
    }
  }

  resourcePaths(resources: readonly ServedResource[]): PathItem[] {
    const { scheme } = this.#source;
    const isCustom = (definition: string) => this.#custom.has(definition);
    const definitionOf = (kind: GroupVersionKind) => {
      const name = definitionName(kind.group, kind.version, kind.kind);
      return isCustom(name) ? name : scheme.definitionOf(kind);
    };
    return resources.flatMap(({ row, strategy }) =>
      resourcePaths(row, {
        scheme,
        definitionOf,
        isCustom: isCustom(row.definition),
        deletesObject: strategy.deletion?.returnsObject === true,
      }),
    );
  }

  /** Everything that was referred to until now, and what that refers to. */
  definitions(): Record<string, Json> {
    const kinds = kindsOf(this.#source, this.#only);
    const made = new Map<string, Json>();
    for (let name = this.#pending.pop(); name !== undefined; name = this.#pending.pop()) {
      const schema = this.#source.scheme.findSchema(name);
      made.set(name, this.#custom.get(name)?.() ?? withKinds(this.#printer.definition(name, schema), kinds.get(name)));
    }
    return Object.fromEntries([...made].sort(byName));
  }
}

/**
 * Which kinds each definition is. Options and events of meta.v1 are kinds of every group version; a document about one of them
 * says so of that one and the core group's.
 */
function kindsOf(
  source: OpenApiSource,
  only: GroupVersion | undefined,
): ReadonlyMap<string, readonly GroupVersionKind[]> {
  const { resources, scheme } = source;
  const kinds = new Map<string, GroupVersionKind[]>();
  const add = (definition: string | undefined, kind: GroupVersionKind) => {
    if (definition === undefined) return;
    const list = kinds.get(definition) ?? [];
    if (list.some((each) => each.group === kind.group && each.version === kind.version && each.kind === kind.kind))
      return;
    kinds.set(definition, [...list, kind]);
  };
  for (const { row } of resources()) {
    const { group, version } = row;
    add(row.definition, { group, version, kind: row.kind });
    const list = { group, version, kind: row.listKind };
    add(scheme.definitionOf(list), list);
    for (const { kind } of row.subresources) add(scheme.definitionOf(kind), kind);
  }
  const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
  const isCustom = only !== undefined && isCustomGroup(source, only.group);
  for (const { group, version } of groupVersionsOf(scheme, only, isCustom)) {
    for (const kind of ['DeleteOptions', 'WatchEvent']) add(`${meta}.${kind}`, { group, version, kind });
  }
  for (const kind of ['APIGroup', 'APIGroupList', 'APIResourceList', 'APIVersions', 'Status']) {
    add(`${meta}.${kind}`, { group: '', version: 'v1', kind });
  }
  return kinds;
}

/** Documents of custom resources are made with client-go's types, which are all but those of these groups. */
const unknownToClients = ['admission.k8s.io', 'apiextensions.k8s.io', 'apiregistration.k8s.io', 'imagepolicy.k8s.io'];

/** The group versions that a document names as those of the kinds of meta.v1. */
function groupVersionsOf(scheme: Scheme, only: GroupVersion | undefined, isCustom: boolean): readonly GroupVersion[] {
  if (only === undefined) return scheme.knownGroupVersions();
  if (!isCustom) return [{ group: '', version: 'v1' }, only];
  return scheme.knownGroupVersions().filter(({ group }) => !unknownToClients.includes(group));
}

function withKinds(definition: Json, kinds: readonly GroupVersionKind[] | undefined): Json {
  if (kinds === undefined) return definition;
  return {
    ...definition,
    'x-kubernetes-group-version-kind': kinds.map(({ group, kind, version }) => ({ group, kind, version })),
  };
}
