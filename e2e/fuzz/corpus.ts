import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { join } from 'node:path';
import { parseGroupVersion } from '@coracle/apimachinery/schema';
import { builtinScheme } from '@coracle/apimachinery/scheme';
import { pathOf } from '@coracle/client/rest';
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
  const groupVersion = parseGroupVersion(String(object['apiVersion']));
  const row = scheme.resourceOfKind({ ...groupVersion, kind: String(object['kind']) });
  if (row === undefined) return undefined;
  return {
    collection: pathOf(row, { namespace }),
    subresources: row.subresources.map(({ name }) => name),
    object,
  };
}

/** Every other kind is the custom resource of the corpus. */
function customSubject(object: PlainObject): Subject {
  return {
    collection: `/apis/${String(object['apiVersion'])}/namespaces/${namespace}/widgets`,
    subresources: ['status', 'scale'],
    object,
  };
}
