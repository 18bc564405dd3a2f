import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseGroupVersion, type ResourceRow } from '@coracle/apimachinery/schema';
import { builtinScheme } from '@coracle/apimachinery/scheme';
import type { ApiCaller } from '../support/index.ts';
import { defineWidgets } from './widgets.ts';

/** An object that a server is given, and where it is found, in every version that is served. */
export interface Specimen {
  /** `apps/v1 Deployment web`. */
  readonly title: string;
  readonly yaml: string;
  readonly collection: string;
  readonly places: readonly string[];
}

/** Who writes: objects of two writers have nothing in common but their kinds. */
export interface Writer {
  readonly name: string;
  /** 0 to 200. */
  readonly number: number;
}

const scheme = builtinScheme();

/** Kinds that are kept and that nobody need write: a server makes them, or the test writes one by another path. */
const madeOtherwise = ['customresourcedefinitions'];

/** An object of every kind that is kept. Throws where one is missing. */
export function specimensOf({ name, number }: Writer): Specimen[] {
  const text = readFileSync(join(import.meta.dirname, 'objects.yaml'), 'utf8')
    .replaceAll('PREFIX', name)
    .replaceAll('PODCIDR', `10.244.${number}.0/24`)
    .replaceAll('SERVICECIDR', `10.97.${number}.0/24`)
    .replaceAll('ADDRESS', `10.96.200.${number}`);
  const specimens = text.split('\n---\n').map(specimen);
  const written = new Set(specimens.map(({ collection }) => collection.slice(collection.lastIndexOf('/') + 1)));
  const missing = [...scheme.rows()].filter(({ resource, verbs }) => verbs.includes('watch') && !written.has(resource));
  const names = missing.map(({ resource }) => resource).filter((resource) => !madeOtherwise.includes(resource));
  if (names.length > 0) throw new Error(`objects.yaml has no ${names.join(', ')}`);
  return specimens;
}

function specimen(yaml: string): Specimen {
  const [, apiVersion = ''] = /^apiVersion: (.*)$/m.exec(yaml) ?? [];
  const [, kind = ''] = /^kind: (.*)$/m.exec(yaml) ?? [];
  const [, name = ''] = /^ {2}name: (.*)$/m.exec(yaml) ?? [];
  const [, namespace] = /^ {2}namespace: (.*)$/m.exec(yaml) ?? [];
  const { group, version } = parseGroupVersion(apiVersion);
  const row = scheme.resourceOfKind({ group, version, kind });
  const resource = row?.resource ?? `${kind.toLowerCase()}s`;
  const collectionOf = (gv: string) =>
    `${gv.includes('/') ? '/apis' : '/api'}/${gv}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${resource}`;
  const versions = row === undefined ? [apiVersion, apiVersion.replace('/v1', '/v1beta1')] : versionsOf(row);
  return {
    title: `${apiVersion} ${kind} ${name}`,
    yaml,
    collection: collectionOf(apiVersion),
    places: versions.map((each) => `${collectionOf(each)}/${name}`),
  };
}

/** `v1` and `events.k8s.io/v1` for events: two groups share their storage. */
function versionsOf({ resource, storagePrefix }: ResourceRow): string[] {
  const same = [...scheme.rows()].filter((row) => row.resource === resource && row.storagePrefix === storagePrefix);
  return same.map(({ group, version }) => (group === '' ? version : `${group}/${version}`));
}

/** Has a server make them all. */
export async function writeSpecimens(api: ApiCaller, writer: Writer): Promise<Specimen[]> {
  await defineWidgets(api, `${writer.name}.example.com`);
  const specimens = specimensOf(writer);
  const refused: string[] = [];
  for (const { title, yaml, collection } of specimens) {
    const headers = { 'content-type': 'application/yaml' };
    const { status, body } = await api.call(collection, { method: 'POST', headers, body: yaml });
    if (status !== 201) refused.push(`${title}: ${status} ${body.toString()}`);
  }
  if (refused.length > 0) throw new Error(refused.join('\n'));
  const definition = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.${writer.name}.example.com`;
  const title = 'apiextensions.k8s.io/v1 CustomResourceDefinition widgets';
  return [...specimens, { title, yaml: '', collection: '', places: [definition] }];
}

/** What a server answers at every place, by place. */
export async function readSpecimens(api: ApiCaller, specimens: readonly Specimen[]): Promise<Record<string, unknown>> {
  const places = specimens.flatMap((each) => each.places);
  const answers = await Promise.all(places.map((place) => api.call(place)));
  return Object.fromEntries(places.map((place, index) => [place, answers[index]?.json()]));
}
