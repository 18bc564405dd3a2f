import { Buffer } from 'node:buffer';
import { badRequest, type FieldError, field, invalid, quote, type StatusError } from '@coracle/apimachinery/errors';
import { isObject } from '@coracle/apimachinery/json';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import {
  groupVersion,
  type GroupVersionKind,
  groupVersionProblem,
  parseGroupVersion,
} from '@coracle/apimachinery/schema';
import { jsonType } from '@coracle/apimachinery/structural';

/** Bytes of a body that an error shows. */
const shownBytesMax = 30;

/** Go's words for a text that is no JSON (encoding/json). */
export function goJsonError(text: string, error: Error): string {
  if (error.message.includes('end of JSON input') || text.trim() === '') return 'unexpected end of JSON input';
  const position = Number(/position (\d+)/.exec(error.message)?.[1] ?? 0);
  return `invalid character ${goCharacter(text[position] ?? '')} looking for beginning of value`;
}

/** `'x'`, with Go's escapes. */
function goCharacter(character: string): string {
  if (character === "'") return `'\\''`;
  if (character === '"') return `'"'`;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return `'\\u${code.toString(16).padStart(4, '0')}'`;
  return `'${character}'`;
}

/** 400 for a body that does not even say what it is. */
export function unrecognized(kind: GroupVersionKind, body: Uint8Array, why: string): StatusError {
  return badRequest(`the object provided is unrecognized (must be of type ${kind.kind}): ${why} (${summary(body)})`);
}

function summary(body: Uint8Array): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.length === 0) return '<empty>';
  const encoding = bytes[0] === openBrace ? 'utf8' : 'hex';
  const shown = bytes.subarray(0, shownBytesMax).toString(encoding);
  return bytes.length > shownBytesMax ? `${shown} ...` : shown;
}

const openBrace = 0x7b;
const anonymousType =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
const noVersionKind = "couldn't get version/kind; json parse error:";

/**
 * Why a JSON body cannot be told to be of any kind; undefined where it says what it is or leaves it out. Throws nothing.
 */
export function unrecognizedJson(kind: GroupVersionKind, body: Uint8Array): StatusError | undefined {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return unrecognized(kind, body, `${noVersionKind} ${goJsonError(text, error as Error)}`);
  }
  if (value === null) return undefined;
  if (!isObject(value)) {
    const why = `${noVersionKind} json: cannot unmarshal ${jsonType(value)} into Go value of type ${anonymousType}`;
    return unrecognized(kind, body, why);
  }
  const { apiVersion } = value;
  const problem = kindProblem(value) ?? (typeof apiVersion === 'string' ? groupVersionProblem(apiVersion) : undefined);
  return problem === undefined ? undefined : unrecognized(kind, body, problem);
}

/** Why what an object says it is cannot be read; undefined where it can, or is left out. */
export function kindProblem(object: Readonly<Record<string, unknown>>): string | undefined {
  for (const name of ['apiVersion', 'kind']) {
    const part = object[name];
    if (part === undefined || part === null || typeof part === 'string') continue;
    return `${noVersionKind} json: cannot unmarshal ${jsonType(part)} into Go struct field .${name} of type string`;
  }
  return undefined;
}

/** 400 for a kind that no version of the API has. */
export function unregistered(found: GroupVersionKind, expected: GroupVersionKind): StatusError {
  const why = unknownKind(found.kind, groupVersion(found));
  return badRequest(`${found.kind} in version ${quote(found.version)} cannot be handled as a ${expected.kind}: ${why}`);
}

/** Upstream's scheme has no such kind. */
export function unknownKind(kind: string, apiVersion: string): string {
  return `no kind ${quote(kind)} is registered for version ${quote(apiVersion)} in scheme ${schemeName}`;
}

const schemeName = '"pkg/runtime/scheme.go:111"';

/** What an object says it is, with what it leaves out as expected. */
export function claimedKind(
  object: { readonly apiVersion?: unknown; readonly kind?: unknown },
  expected: GroupVersionKind,
): GroupVersionKind {
  const { apiVersion, kind } = object;
  const claimed = typeof apiVersion === 'string' && apiVersion !== '' ? parseGroupVersion(apiVersion) : expected;
  return {
    group: claimed.group,
    version: claimed.version,
    kind: typeof kind === 'string' && kind !== '' ? kind : expected.kind,
  };
}

/** 422 for a custom resource that says it is something else, in the words of its rules (customresource ValidateTypeMeta). */
export function anotherType(
  { apiVersion = '', kind = '', metadata }: KubernetesObject,
  expected: GroupVersionKind,
): StatusError {
  const errors: FieldError[] = [];
  if (kind !== expected.kind) errors.push(field.invalid('kind', kind, `must be ${expected.kind}`));
  const expectedVersion = groupVersion(expected);
  if (apiVersion !== expectedVersion)
    errors.push(field.invalid('apiVersion', apiVersion, `must be ${expectedVersion}`));
  return invalid({ group: parseGroupVersion(apiVersion).group, kind }, metadata?.name ?? '', errors);
}
