import type { GroupVersionKind, Schema } from '@coracle/apimachinery/schema';
import type { Scheme } from '@coracle/apimachinery/scheme';
import type { CustomResourceDefinition } from '@coracle/apimachinery/types/apiextensions-v1';
import { definitionName } from '../customresources/index.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { customDefinitions } from './custom-schema.ts';
import { type Operation, type Parameter, type PathItem, pathsOf } from './operations.ts';
import { type Dialect, type Json, SchemaPrinter } from './schema-objects.ts';

/** What the documents are made from. */
export interface OpenApiSource {
  readonly scheme: Scheme;
  /** Grows with every change of what is served. */
  readonly generation: () => number;
  readonly resources: () => Iterable<ServedResource>;
  readonly definitions: () => Iterable<CustomResourceDefinition>;
  /** Group versions whose documents other servers have, `apis/metrics.k8s.io/v1beta1`. */
  readonly remotes: () => readonly string[];
  /** `v1.37.2`. */
  readonly version: string;
}

const bodyTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf', 'application/cbor'];
const watchTypes = [
  'application/json;stream=watch',
  'application/vnd.kubernetes.protobuf;stream=watch',
  'application/cbor-seq',
];
const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  'application/apply-patch+cbor',
];

/** The swagger document of everything. */
export function documentV2(source: OpenApiSource): Json {
  const parts = collect(source, 'v2', () => true);
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: source.version },
    paths: Object.fromEntries(parts.paths.map((item) => [item.path, pathItemV2(item, parts.reference)])),
    definitions: parts.finish(),
    securityDefinitions: { BearerToken: { type: 'apiKey', name: 'authorization', in: 'header' } },
    security: [{ BearerToken: [] }],
  };
}

/** The document of one group version, `api/v1` or `apis/apps/v1`. */
export function documentV3(source: OpenApiSource, group: string, version: string): Json {
  const parts = collect(source, 'v3', (row) => row.group === group && row.version === version);
  const paths = Object.fromEntries(parts.paths.map((item) => [item.path, pathItemV3(item, parts.reference)]));
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: source.version },
    paths,
    components: {
      schemas: parts.finish(),
      securitySchemes: { BearerToken: { type: 'apiKey', name: 'authorization', in: 'header' } },
    },
  };
}

interface Parts {
  readonly paths: readonly PathItem[];
  readonly reference: (definition: string) => Json;
  /** All definitions that were referred to, and those that they refer to. */
  finish(): Record<string, Json>;
}

function collect(source: OpenApiSource, dialect: Dialect, wanted: (row: ServedResource['row']) => boolean): Parts {
  const custom = new Map<string, Json>();
  const pending: string[] = [];
  const known = new Set<string>();
  const printer = new SchemaPrinter(dialect, (definition) => {
    if (known.has(definition)) return;
    known.add(definition);
    pending.push(definition);
  });
  const reference = (definition: string) => printer.reference(definition);
  for (const definition of source.definitions()) {
    for (const version of definition.spec.versions) {
      if (!version.served) continue;
      const name = definitionName(definition.spec.group, version.name, definition.spec.names.kind);
      for (const entry of customDefinitions(definition, version, name, dialect, (target) => printer.reference(target)))
        custom.set(...entry);
    }
  }
  const definitionOf = (kind: GroupVersionKind): string | undefined => {
    const name = definitionName(kind.group, kind.version, kind.kind);
    return custom.has(name) ? name : source.scheme.definitionOf(kind);
  };
  const rows = [...source.resources()].map((served) => served.row).filter(wanted);
  const paths = rows.flatMap((row) => pathsOf(row, definitionOf));
  return {
    paths,
    reference,
    finish() {
      const kinds = kindsOf(source);
      const made = new Map<string, Json>();
      for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
        made.set(
          name,
          custom.get(name) ?? withKinds(printer.definition(name, source.scheme.findSchema(name)), kinds.get(name)),
        );
      }
      return Object.fromEntries([...made].sort(([a], [b]) => (a < b ? -1 : 1)));
    },
  };
}

/** Which kinds each definition is; types of meta.v1 are kinds of every group. */
function kindsOf({ resources, scheme }: OpenApiSource): ReadonlyMap<string, readonly GroupVersionKind[]> {
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
    for (const kind of ['DeleteOptions', 'WatchEvent']) {
      add(`io.k8s.apimachinery.pkg.apis.meta.v1.${kind}`, { group, version, kind });
    }
  }
  return kinds;
}

function withKinds(definition: Json, kinds: readonly GroupVersionKind[] | undefined): Json {
  if (kinds === undefined) return definition;
  return {
    ...definition,
    'x-kubernetes-group-version-kind': kinds.map(({ group, kind, version }) => ({ group, kind, version })),
  };
}

const descriptions: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' };

function common(operation: Operation): Json {
  const { group, version, kind } = operation.kind;
  return {
    operationId: operation.operationId,
    tags: [operation.tag],
    'x-kubernetes-action': operation.action,
    'x-kubernetes-group-version-kind': { group, kind, version },
  };
}

function pathItemV3(item: PathItem, reference: (definition: string) => Json): Json {
  const parameter = ({ name, in: place, type }: Parameter): Json => ({
    name,
    in: place,
    ...(place === 'path' ? { required: true } : {}),
    schema: { type, uniqueItems: true },
  });
  const content = (types: readonly string[], definition: string): Json =>
    Object.fromEntries(types.map((type) => [type, { schema: reference(definition) }]));
  const operations = item.operations.map((operation) => {
    const { body, response, codes, parameters, isPatch, isList } = operation;
    const types = isList === true ? [...bodyTypes, ...watchTypes] : bodyTypes;
    const answers = codes.map((code) => [
      code,
      { description: descriptions[code], ...(response === undefined ? {} : { content: content(types, response) }) },
    ]);
    const printed = {
      ...common(operation),
      ...(parameters.length === 0 ? {} : { parameters: parameters.map(parameter) }),
      ...(body === undefined
        ? {}
        : {
            requestBody: {
              content: content(isPatch === true ? patchTypes : ['*/*'], body.definition),
              ...(body.required ? { required: true } : {}),
            },
          }),
      responses: { ...Object.fromEntries(answers), 401: { description: 'Unauthorized' } },
    };
    return [operation.method, printed] as const;
  });
  return { ...Object.fromEntries(operations), parameters: item.parameters.map(parameter) };
}

function pathItemV2(item: PathItem, reference: (definition: string) => Json): Json {
  const parameter = ({ name, in: place, type }: Parameter): Json => ({
    name,
    in: place,
    type,
    uniqueItems: true,
    ...(place === 'path' ? { required: true } : {}),
  });
  const operations = item.operations.map((operation) => {
    const { body, response, codes, parameters, isPatch, isList } = operation;
    const answers = codes.map((code) => [
      code,
      { description: descriptions[code], ...(response === undefined ? {} : { schema: reference(response) }) },
    ]);
    const bodyParameter =
      body === undefined
        ? []
        : [
            {
              name: 'body',
              in: 'body',
              ...(body.required ? { required: true } : {}),
              schema: reference(body.definition),
            },
          ];
    const printed = {
      ...common(operation),
      consumes: isPatch === true ? patchTypes : ['*/*'],
      produces: isList === true ? [...bodyTypes, ...watchTypes] : bodyTypes,
      schemes: ['https'],
      parameters: [...bodyParameter, ...parameters.map(parameter)],
      responses: { ...Object.fromEntries(answers), 401: { description: 'Unauthorized' } },
    };
    return [operation.method, printed] as const;
  });
  return { ...Object.fromEntries(operations), parameters: item.parameters.map(parameter) };
}
