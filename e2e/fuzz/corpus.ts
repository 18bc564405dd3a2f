import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { join } from 'node:path';
import { builtinScheme } from '@coracle/apimachinery/scheme';
import { repository } from '../support/index.ts';
import { validObjects } from './valid-objects.ts';

export type PlainObject = Readonly<Record<string, unknown>>;

/** A kind that requests are made about, with an object to begin from. */
export interface Subject {
  /** `/api/v1/namespaces/fuzz/pods`: where it is created and listed. */
  readonly collection: string;
  readonly subresources: readonly string[];
  readonly object: PlainObject;
  /** Its protobuf as upstream wrote it; absent for hand-made objects. */
  readonly protobuf?: Uint8Array;
}

/** The namespace that requests are made in. */
export const namespace = 'fuzz';

const packed = join(repository, 'apimachinery/src/protobuf/testdata/upstream-fixtures.json.br');
const scheme = builtinScheme();

/** Hand-made objects that a server takes, and upstream's fixtures, which fill every field of every kind. */
export function readCorpus(): { readonly valid: readonly Subject[]; readonly full: readonly Subject[] } {
  const rows = JSON.parse(brotliDecompressSync(readFileSync(packed)).toString()) as [
    string,
    string,
    PlainObject,
    string,
  ][];
  const full = rows
    .filter(([, release]) => release === 'HEAD')
    .flatMap(([, , object, protobuf]) => {
      const subject = subjectOf(object);
      return subject === undefined ? [] : [{ ...subject, protobuf: Uint8Array.fromBase64(protobuf) }];
    });
  const valid = validObjects.map((object) => {
    const subject = subjectOf(object) ?? customSubject(object);
    return subject;
  });
  return { valid, full };
}

function subjectOf(object: PlainObject): Subject | undefined {
  const row = [...scheme.rows()].find(
    ({ group, version, kind }) => kind === object['kind'] && groupVersionText(group, version) === object['apiVersion'],
  );
  if (row === undefined) return undefined;
  const prefix = row.group === '' ? `/api/${row.version}` : `/apis/${row.group}/${row.version}`;
  const scope = row.namespaced ? `${prefix}/namespaces/${namespace}` : prefix;
  return {
    collection: `${scope}/${row.resource}`,
    subresources: row.subresources.map(({ name }) => name),
    object,
  };
}

function groupVersionText(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

/** Every other kind is the custom resource of the corpus. */
function customSubject(object: PlainObject): Subject {
  return {
    collection: `/apis/${String(object['apiVersion'])}/namespaces/${namespace}/widgets`,
    subresources: ['status', 'scale'],
    object,
  };
}
