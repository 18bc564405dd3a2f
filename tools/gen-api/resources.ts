import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type ApiPackage, moduleFolder } from './packages.ts';

/** A resource of one group version as `resources.json` holds it; the short form of `ResourceRow`. */
export interface ResourceFacts {
  readonly resource: string;
  readonly kind: string;
  readonly singular: string;
  readonly namespaced: boolean;
  /** One letter a verb, see `verbLetters`. */
  readonly verbs: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly storageVersion: string;
  /** Set where the stored form is of another group. */
  readonly storageGroup?: string;
  readonly storagePrefix: string;
  /** Text of the `Warning` header on every request to it. */
  readonly deprecationWarning?: string;
  /** Name, verbs, and the kind of the body as `group/version/Kind`. */
  readonly subresources?: readonly (readonly [name: string, verbs: string, kind: string])[];
}

export interface GroupFacts {
  readonly group: string;
  readonly version: string;
  readonly package: string;
  readonly resources: readonly ResourceFacts[];
}

interface DiscoveredResource {
  readonly name: string;
  readonly kind: string;
  readonly group?: string;
  readonly version?: string;
  readonly namespaced: boolean;
  readonly singularName: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

const verbLetters: Readonly<Record<string, string>> = {
  create: 'c',
  delete: 'd',
  deletecollection: 'x',
  get: 'g',
  list: 'l',
  patch: 'p',
  update: 'u',
  watch: 'w',
};

/** Where upstream's storage factory and its aggregated servers depart from `/registry/<resource>`. */
const storagePrefixes: Readonly<Record<string, string>> = {
  '/replicationcontrollers': 'controllers',
  '/endpoints': 'services/endpoints',
  '/nodes': 'minions',
  '/services': 'services/specs',
  'networking.k8s.io/ingresses': 'ingress',
  'apiextensions.k8s.io/customresourcedefinitions': 'apiextensions.k8s.io/customresourcedefinitions',
  'apiregistration.k8s.io/apiservices': 'apiregistration.k8s.io/apiservices',
};

/** Resources stored in the form of another group. */
const storageGroups: Readonly<Record<string, string>> = { 'events.k8s.io/events': '' };

/** The served group versions in upstream's discovery order: core, then by group and version priority. */
export function readResources(packages: readonly ApiPackage[]): GroupFacts[] {
  const folder = path.join(moduleFolder('kubernetes'), 'api/discovery');
  const read = (name: string) => JSON.parse(readFileSync(path.join(folder, name), 'utf8'));
  const groups: { metadata: { name: string }; versions: { version: string }[] }[] = read('aggregated_v2.json').items;
  const result: GroupFacts[] = [];
  for (const { metadata, versions } of [{ metadata: { name: '' }, versions: [{ version: 'v1' }] }, ...groups]) {
    const served = versions.flatMap(({ version }) =>
      packages.filter((candidate) => candidate.group === metadata.name && candidate.version === version),
    );
    for (const api of served) {
      const file = metadata.name === '' ? `api__${api.version}.json` : `apis__${metadata.name}__${api.version}.json`;
      const discovered: DiscoveredResource[] = read(file).resources;
      const preferred = (served[0] as ApiPackage).version;
      result.push({
        group: metadata.name,
        version: api.version,
        package: api.name,
        resources: discovered
          .filter((row) => !row.name.includes('/'))
          .map((row) => resourceFacts(row, discovered, api, preferred)),
      });
    }
  }
  return result;
}

function resourceFacts(
  row: DiscoveredResource,
  all: readonly DiscoveredResource[],
  api: ApiPackage,
  preferred: string,
): ResourceFacts {
  const { group = '', version } = api;
  const deprecationWarning = readDeprecation(api, row.kind);
  const key = `${group}/${row.name}`;
  const subresources = all
    .filter((candidate) => candidate.name.startsWith(`${row.name}/`))
    .map((sub): [string, string, string] => [
      sub.name.slice(row.name.length + 1),
      letters(sub.verbs),
      `${sub.group ?? group}/${sub.version ?? version}/${sub.kind}`,
    ]);
  return {
    resource: row.name,
    kind: row.kind,
    singular: row.singularName,
    namespaced: row.namespaced,
    verbs: letters(row.verbs),
    ...(row.shortNames && { shortNames: row.shortNames }),
    ...(row.categories && { categories: row.categories }),
    storageVersion: preferred,
    ...(storageGroups[key] !== undefined && { storageGroup: storageGroups[key] }),
    storagePrefix: storagePrefixes[key] ?? row.name,
    ...(deprecationWarning !== undefined && { deprecationWarning }),
    ...(subresources.length > 0 && { subresources }),
  };
}

/** What upstream says of a kind whose Go type has a method `APILifecycleDeprecated`. */
function readDeprecation({ folder, group, version }: ApiPackage, kind: string): string | undefined {
  const files = readdirSync(folder).filter((name) => name.endsWith('lifecycle.go'));
  const text = files.map((name) => readFileSync(path.join(folder, name), 'utf8')).join('\n');
  const method = (name: string) =>
    new RegExp(`func \\(in \\*${kind}\\) APILifecycle${name}\\(\\) [^{]*\\{\\s*return (.*)`).exec(text)?.[1];
  const since = method('Deprecated');
  if (since === undefined) return undefined;
  const replacement = /Group: *"([^"]*)", *Version: *"([^"]*)", *Kind: *"([^"]*)"/.exec(method('Replacement') ?? '');
  const instead = replacement
    ? `; use ${[replacement[1], replacement[2]].filter((part) => part).join('/')} ${replacement[3]}`
    : '';
  const apiVersion = group ? `${group}/${version}` : version;
  return `${apiVersion} ${kind} is deprecated in v${since.replace(', ', '.')}+${instead}`;
}

function letters(verbs: readonly string[]): string {
  return verbs.map((verb) => verbLetters[verb] ?? fail(`discovery has the new verb ${verb}`)).join('');
}

function fail(message: string): never {
  throw new Error(message);
}
