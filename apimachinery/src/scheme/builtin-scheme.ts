import definitionFacts from '../generated/definitions.json' with { type: 'json' };
import resourceFacts from '../generated/resources.json' with { type: 'json' };
import { parseGroupVersion, type ResourceRow, type SubresourceRow, type Verb } from '../schema/index.ts';
import { autoscalingConversion } from './autoscaling-conversion.ts';
import { certificatesConversion } from './certificates-conversion.ts';
import { definitionsConversion } from './definitions-conversion.ts';
import { eventsConversion } from './events-conversion.ts';
import { type DefinitionFacts, DefinitionTable } from './definition-table.ts';
import { Scheme } from './scheme.ts';

interface ResourceFacts {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly verbs: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly storageVersion: string;
  readonly storageGroup?: string;
  readonly storagePrefix: string;
  readonly deprecationWarning?: string;
  readonly subresources?: readonly (readonly [name: string, verbs: string, kind: string])[];
}

const verbOfLetter: Readonly<Record<string, Verb>> = {
  c: 'create',
  d: 'delete',
  x: 'deletecollection',
  g: 'get',
  l: 'list',
  p: 'patch',
  u: 'update',
  w: 'watch',
};

/** A new scheme of every resource that a server of this release serves by default. */
export function builtinScheme(): Scheme {
  const table = new DefinitionTable(definitionFacts as DefinitionFacts);
  const facts = resourceFacts as unknown as readonly ResourceFacts[];
  const rows = facts.map((row) => resourceRow(row, table));
  return new Scheme(table, rows, [
    autoscalingConversion,
    certificatesConversion,
    definitionsConversion,
    eventsConversion,
  ]);
}

function resourceRow(facts: ResourceFacts, table: DefinitionTable): ResourceRow {
  const { group, version, resource, kind, singular, namespaced, storageVersion, storageGroup, storagePrefix } = facts;
  const definition = table.definitionOf(group, version, kind);
  if (definition === undefined)
    throw new Error(`${kind} of ${group}/${version} has no definition: generate the facts again`);
  return {
    group,
    version,
    resource,
    kind,
    namespaced,
    singular,
    listKind: `${kind}List`,
    verbs: verbs(facts.verbs),
    shortNames: facts.shortNames ?? [],
    categories: facts.categories ?? [],
    subresources: (facts.subresources ?? []).map(subresourceRow),
    definition,
    storageVersion,
    ...(storageGroup !== undefined && { storageGroup }),
    storagePrefix,
    ...(facts.deprecationWarning !== undefined && { deprecationWarning: facts.deprecationWarning }),
  };
}

function subresourceRow([name, letters, body]: readonly [string, string, string]): SubresourceRow {
  const slash = body.lastIndexOf('/');
  return {
    name,
    verbs: verbs(letters),
    kind: { ...parseGroupVersion(body.slice(0, slash)), kind: body.slice(slash + 1) },
  };
}

function verbs(letters: string): readonly Verb[] {
  return Array.from(letters, (letter) => verbOfLetter[letter] as Verb);
}
