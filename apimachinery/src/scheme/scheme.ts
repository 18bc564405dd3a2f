import type { KubernetesObject } from '../meta/index.ts';
import {
  type AnySchema,
  type GroupResource,
  type GroupVersionKind,
  type GroupVersionResource,
  groupVersion,
  type ObjectSchema,
  parseGroupVersion,
  type ResourceRow,
} from '../schema/index.ts';
import type { Conversion } from './conversion.ts';
import type { DefinitionTable } from './definition-table.ts';
import { compareVersions } from './version-order.ts';

export interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

/** A group with its served versions, the preferred one first. */
export interface ServedGroup {
  readonly group: string;
  readonly versions: readonly string[];
}

/**
 * Everything the API knows of its kinds: the rows of the resources it serves and the schema of every definition.
 * Rows come and go at run time with custom resource definitions; `changes` grows by one each time they do.
 */
export class Scheme {
  readonly #table: DefinitionTable;
  readonly #builtinGroups: readonly string[];
  readonly #rows = new Map<string, ResourceRow>();
  readonly #rowOfKind = new Map<string, ResourceRow>();
  readonly #customSchemas = new Map<string, ObjectSchema>();
  readonly #customDefinitions = new Map<string, string>();
  readonly #conversions = new Map<string, Conversion>();
  #groups: readonly ServedGroup[] | undefined;
  #changes = 0;

  constructor(table: DefinitionTable, rows: readonly ResourceRow[], conversions: readonly Conversion[] = []) {
    this.#table = table;
    this.#builtinGroups = [...new Set(rows.map((row) => row.group))];
    for (const row of rows) this.#addRow(row);
    for (const conversion of conversions) this.addConversion(conversion);
  }

  /** Grows with every change of rows or schemas, so that a cached view (discovery, OpenAPI) can tell whether it is stale. */
  get changes(): number {
    return this.#changes;
  }

  /** Every row, in no particular order of groups; within a group version in the order they were added. */
  rows(): Iterable<ResourceRow> {
    return this.#rows.values();
  }

  resource({ group, version, resource }: GroupVersionResource): ResourceRow | undefined {
    return this.#rows.get(`${group}/${version}/${resource}`);
  }

  /** The row whose objects are of this kind. */
  resourceOfKind({ group, version, kind }: GroupVersionKind): ResourceRow | undefined {
    return this.#rowOfKind.get(`${group}/${version}/${kind}`);
  }

  /** The rows of one group version by resource name, as discovery lists them. */
  resourcesIn({ group, version }: GroupVersion): readonly ResourceRow[] {
    const rows = [...this.#rows.values()].filter((row) => row.group === group && row.version === version);
    return rows.sort((a, b) => (a.resource < b.resource ? -1 : 1));
  }

  /** All served versions of a resource, the preferred one first. */
  versionsOf({ group, resource }: GroupResource): readonly ResourceRow[] {
    const served = this.groups().find((candidate) => candidate.group === group);
    return (served?.versions ?? []).flatMap((version) => this.resource({ group, version, resource }) ?? []);
  }

  /** Served groups in the order of discovery: the built-in ones by upstream's priority, then the others by name. */
  groups(): readonly ServedGroup[] {
    this.#groups ??= this.#sortedGroups();
    return this.#groups;
  }

  /** Served group versions in the order of discovery. */
  groupVersions(): readonly GroupVersion[] {
    return this.groups().flatMap(({ group, versions }) => versions.map((version) => ({ group, version })));
  }

  /** Every group version that upstream knows, served or not: the kinds of meta.v1 are kinds of each. */
  knownGroupVersions(): readonly GroupVersion[] {
    return this.#table.groupVersions.map(parseGroupVersion);
  }

  /** The schema of an OpenAPI definition name, `io.k8s.api.core.v1.Pod`. Throws for one that is not known. */
  schemaOf(definition: string): ObjectSchema {
    const schema = this.#customSchemas.get(definition) ?? this.#table.schemaOf(definition);
    if (schema?.type !== 'object') throw new Error(`there is no object definition called ${definition}`);
    return schema;
  }

  /** As `schemaOf`, also for definitions that are any value (RawExtension), and undefined for unknown ones. */
  findSchema(definition: string): ObjectSchema | AnySchema | undefined {
    return this.#customSchemas.get(definition) ?? this.#table.schemaOf(definition);
  }

  /** OpenAPI definition name of a kind, also of kinds that are no resource: options, lists, reviews, `Scale`. */
  definitionOf({ group, version, kind }: GroupVersionKind): string | undefined {
    return this.#customDefinitions.get(`${group}/${version}/${kind}`) ?? this.#table.definitionOf(group, version, kind);
  }

  /** The schema of a kind; undefined where the kind is not known. */
  schemaOfKind(kind: GroupVersionKind): ObjectSchema | undefined {
    const definition = this.definitionOf(kind);
    return definition === undefined ? undefined : this.schemaOf(definition);
  }

  /** The schema of what an object says it is. */
  schemaOfObject(object: KubernetesObject): ObjectSchema | undefined {
    const { apiVersion = '', kind = '' } = object;
    return this.schemaOfKind({ ...parseGroupVersion(apiVersion), kind });
  }

  /** All definition names, built-in and custom. */
  *definitions(): Iterable<string> {
    yield* this.#table.names();
    yield* this.#customSchemas.keys();
  }

  /** Adds or replaces rows with their schema. The list kind needs no schema of its own. */
  add(resources: readonly { readonly row: ResourceRow; readonly schema: ObjectSchema }[]): void {
    for (const { row, schema } of resources) {
      this.#addRow(row);
      this.#customSchemas.set(row.definition, schema);
      this.#customDefinitions.set(`${row.group}/${row.version}/${row.kind}`, row.definition);
    }
    this.#changed();
  }

  /** Removes rows that `add` has added; unknown ones are ignored. */
  remove(resources: readonly GroupVersionResource[]): void {
    for (const resource of resources) {
      const row = this.resource(resource);
      if (!row) continue;
      this.#rows.delete(`${row.group}/${row.version}/${row.resource}`);
      this.#rowOfKind.delete(`${row.group}/${row.version}/${row.kind}`);
      this.#customSchemas.delete(row.definition);
      this.#customDefinitions.delete(`${row.group}/${row.version}/${row.kind}`);
    }
    this.#changed();
  }

  addConversion(conversion: Conversion): void {
    for (const { group, kind } of conversion.kinds) this.#conversions.set(`${group}/${kind}`, conversion);
  }

  /**
   * The object in another version of its kind (or in the other group that shares its storage). A shallow copy: what both
   * versions have in common is shared with `object`, which is not changed. Kinds without a conversion of their own have the
   * same fields in all versions.
   */
  convert<T extends KubernetesObject>(object: T, to: GroupVersion): T {
    const apiVersion = groupVersion(to);
    if (object.apiVersion === apiVersion) return object;
    const { group } = parseGroupVersion(object.apiVersion ?? '');
    const conversion = this.#conversions.get(`${group}/${object.kind}`);
    return conversion ? (conversion.convert(object, to) as T) : { ...object, apiVersion };
  }

  #addRow(row: ResourceRow): void {
    this.#rows.set(`${row.group}/${row.version}/${row.resource}`, row);
    const kind = `${row.group}/${row.version}/${row.kind}`;
    if (!this.#rowOfKind.has(kind) || this.#rowOfKind.get(kind)?.resource === row.resource) {
      this.#rowOfKind.set(kind, row);
    }
    this.#groups = undefined;
  }

  #changed(): void {
    this.#groups = undefined;
    this.#changes++;
  }

  #sortedGroups(): readonly ServedGroup[] {
    const versions = new Map<string, Set<string>>(this.#builtinGroups.map((group) => [group, new Set()]));
    for (const { group, version } of this.#rows.values()) {
      const known = versions.get(group);
      if (known) known.add(version);
      else versions.set(group, new Set([version]));
    }
    const builtin = this.#builtinGroups.length;
    const entries = [...versions];
    const custom = entries.splice(builtin).sort(([a], [b]) => (a < b ? -1 : 1));
    return [...entries, ...custom]
      .filter(([, served]) => served.size > 0)
      .map(([group, served]) => ({ group, versions: [...served].sort(compareVersions) }));
  }
}
