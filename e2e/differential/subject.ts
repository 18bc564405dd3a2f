import { structuralSchema } from '@coracle/apiserver/customresources';
import type { GroupVersionKind, ObjectSchema, ResourceRow, Verb } from '@coracle/apimachinery/schema';
import { parseGroupVersion } from '@coracle/apimachinery/schema';
import { builtinScheme } from '@coracle/apimachinery/scheme';
import type { JSONSchemaProps } from '@coracle/apimachinery/types/apiextensions-v1';
import { type Base, bases, customDefinitions } from './bases/index.ts';
import type { Json } from './edits.ts';

/** What a scenario works on: an object of one kind that nobody else touches. */
export interface Subject {
  readonly base: Base;
  readonly number: number;
  readonly name: string;
  /** Empty for cluster-scoped kinds. */
  readonly namespace: string;
  readonly resource: string;
  readonly verbs: readonly Verb[];
  readonly subresources: ReadonlyMap<string, GroupVersionKind>;
  readonly schema: ObjectSchema;
  /** Path of the collection, `/apis/apps/v1/namespaces/x/deployments`. */
  readonly collection: string;
}

/** The label that a scenario's objects carry, with its number as the value. */
export const scenarioLabel = 'scenario';

const scheme = builtinScheme();

/** A kind that is served: a row of the scheme, or of a custom resource. */
type Kind = Pick<Subject, 'resource' | 'verbs' | 'subresources' | 'schema'> & { readonly namespaced: boolean };

const kinds = new Map<string, Kind>();
for (const row of scheme.rows()) kinds.set(`${groupVersionOf(row)}/${row.kind}`, builtinKind(row));
for (const definition of customDefinitions) addCustomKinds(definition);

function groupVersionOf({ group, version }: { group: string; version: string }): string {
  return group === '' ? version : `${group}/${version}`;
}

function builtinKind(row: ResourceRow): Kind {
  const { resource, verbs, namespaced } = row;
  const subresources = new Map(row.subresources.map(({ name, kind }) => [name, kind]));
  return { resource, verbs, namespaced, subresources, schema: scheme.schemaOf(row.definition) };
}

function addCustomKinds(definition: Json): void {
  const spec = definition['spec'] as {
    group: string;
    scope: string;
    names: { plural: string; kind: string };
    versions: { name: string; schema: { openAPIV3Schema: JSONSchemaProps }; subresources?: object }[];
  };
  const meta = scheme.schemaOf('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');
  for (const { name, schema, subresources } of spec.versions) {
    const gvk = { group: spec.group, version: name, kind: spec.names.kind };
    const scale = { group: 'autoscaling', version: 'v1', kind: 'Scale' };
    kinds.set(`${groupVersionOf(gvk)}/${gvk.kind}`, {
      resource: spec.names.plural,
      namespaced: spec.scope === 'Namespaced',
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      subresources: new Map(
        subresources === undefined
          ? []
          : [
              ['status', gvk],
              ['scale', scale],
            ],
      ),
      schema: structuralSchema(schema.openAPIV3Schema, meta),
    });
  }
}

/** The schema of a body that is not the resource's own kind: Scale, Eviction, TokenRequest. */
export function schemaOfKind(kind: GroupVersionKind): ObjectSchema | undefined {
  return scheme.schemaOfKind(kind);
}

/** Every base once, in the order of the list. */
export function subjectOf(base: Base, number: number): Subject {
  const kind = kinds.get(`${base.apiVersion}/${base.kind}`);
  if (kind === undefined) throw new Error(`no server has a kind ${base.apiVersion}/${base.kind}`);
  const { group } = parseGroupVersion(base.apiVersion);
  const namespace = kind.namespaced ? namespaceOf(kind.resource, group) : '';
  const root = group === '' ? `/api/${base.apiVersion}` : `/apis/${base.apiVersion}`;
  const collection = `${root}${namespace === '' ? '' : `/namespaces/${namespace}`}/${kind.resource}`;
  const name = base.name?.(number) ?? `${base.kind.toLowerCase()}-${number}`;
  return { ...kind, base, number, name, namespace, collection };
}

/** Kinds have namespaces of their own, so that a quota of one scenario does not hold another one's pods back. */
function namespaceOf(resource: string, group: string): string {
  return `differential-${resource}${group === '' ? '' : `-${group.replaceAll('.', '-')}`}`;
}

export function namespaces(): readonly string[] {
  return [...new Set(bases.map((base) => subjectOf(base, 0).namespace))].filter((name) => name !== '');
}

/** The valid object that a scenario starts from. */
export function validObject(subject: Subject): Json {
  const { base, name } = subject;
  const content = typeof base.content === 'function' ? base.content(name) : base.content;
  return {
    apiVersion: base.apiVersion,
    kind: base.kind,
    metadata: metadataOf(subject),
    ...structuredClone(content),
  };
}

function metadataOf({ base, name, namespace, number }: Subject): Json {
  const within = namespace === '' ? {} : { namespace };
  if (base.nameless === true) return within;
  return { name, ...within, labels: { [scenarioLabel]: String(number) }, ...base.metadata };
}
