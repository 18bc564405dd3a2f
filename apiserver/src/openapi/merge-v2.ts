import { deepEqual, isObject } from '@coracle/apimachinery/json';
import type { Json } from './schema-objects.ts';

/** What another server documents of one group version. */
export interface RemoteDocument {
  readonly group: string;
  readonly version: string;
  /** Its whole swagger document. */
  readonly document: Json;
}

const definitionPrefix = '#/definitions/';
const parameterPrefix = '#/parameters/';

/**
 * The own swagger document with the paths that others serve for their group versions, and what these refer to. Where both
 * describe something of one name differently, the others' gets another name
 * (kube-openapi `pkg/aggregator`, MergeSpecsIgnorePathConflictRenamingDefinitionsAndParameters).
 */
export function mergeDocumentsV2(own: Json, remotes: readonly RemoteDocument[]): Json {
  if (remotes.length === 0) return own;
  const merged = { paths: { ...part(own, 'paths') }, definitions: { ...part(own, 'definitions') } };
  const parameters = { ...part(own, 'parameters') };
  for (const { group, version, document } of remotes) {
    const prefix = `/apis/${group}/${version}/`;
    const paths = Object.entries(part(document, 'paths')).filter(
      ([path]) => path.startsWith(prefix) && !Object.hasOwn(merged.paths, path),
    );
    const used = new UsedParts(document);
    used.follow(Object.fromEntries(paths));
    const definitions = add(merged.definitions, used.definitions);
    const shared = add(parameters, used.parameters);
    const renamed = new Map([
      ...[...definitions].map(([from, to]) => [definitionPrefix + from, definitionPrefix + to] as const),
      ...[...shared].map(([from, to]) => [parameterPrefix + from, parameterPrefix + to] as const),
    ]);
    for (const [path, item] of paths) merged.paths[path] = withReferences(item, renamed);
    for (const name of definitions.values())
      merged.definitions[name] = withReferences(merged.definitions[name], renamed);
    for (const name of shared.values()) parameters[name] = withReferences(parameters[name], renamed);
  }
  return {
    ...own,
    paths: sorted(merged.paths),
    definitions: sorted(merged.definitions),
    parameters: sorted(parameters),
  };
}

/** Everything of a document that something refers to, directly or not. */
class UsedParts {
  readonly definitions = new Map<string, unknown>();
  readonly parameters = new Map<string, unknown>();
  readonly #document: Json;

  constructor(document: Json) {
    this.#document = document;
  }

  follow(value: unknown): void {
    if (Array.isArray(value)) for (const item of value) this.follow(item);
    if (!isObject(value)) return;
    const reference = value['$ref'];
    if (typeof reference === 'string') this.#refer(reference);
    for (const item of Object.values(value)) this.follow(item);
  }

  #refer(reference: string): void {
    const isDefinition = reference.startsWith(definitionPrefix);
    const [found, kind, prefix] = isDefinition
      ? [this.definitions, 'definitions', definitionPrefix]
      : [this.parameters, 'parameters', parameterPrefix];
    const name = reference.slice(prefix.length);
    const content = part(this.#document, kind)[name];
    if (found.has(name) || content === undefined) return;
    found.set(name, content);
    this.follow(content);
  }
}

/** Adds what is not there yet; gives what each of those is called now. */
function add(into: Record<string, unknown>, parts: ReadonlyMap<string, unknown>): Map<string, string> {
  const added = new Map<string, string>();
  for (const [name, content] of parts) {
    const known = into[name];
    if (known !== undefined && deepEqual(shapeOf(known), shapeOf(content))) continue;
    let free = name;
    for (let number = 2; Object.hasOwn(into, free); number++) free = `${name}_v${number}`;
    into[free] = content;
    added.set(name, free);
  }
  return added;
}

function withReferences(value: unknown, renamed: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => withReferences(item, renamed));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      name === '$ref' && typeof item === 'string' ? (renamed.get(item) ?? item) : withReferences(item, renamed),
    ]),
  );
}

/** Two descriptions of one shape are one definition: prose and the kinds that use it aside. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (!isObject(value)) return value;
  const aside = (name: string, item: unknown) =>
    name === 'x-kubernetes-group-version-kind' || (name === 'description' && typeof item === 'string');
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, item]) => !aside(name, item))
      .map(([name, item]) => [name, shapeOf(item)]),
  );
}

function part(document: Json, name: string): Record<string, unknown> {
  const value = document[name];
  return isObject(value) ? value : {};
}

function sorted(entries: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
}
