import { Buffer } from 'node:buffer';
import { badRequest } from '@coracle/apimachinery/errors';
import { deepCopy, isObject } from '@coracle/apimachinery/json';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { decodeEnvelope, MalformedProtobufError } from '@coracle/apimachinery/protobuf';
import {
  groupVersion,
  type GroupVersionKind,
  groupVersionProblem,
  parseGroupVersion,
  type ObjectSchema,
} from '@coracle/apimachinery/schema';
import {
  checkObject,
  DecodeError,
  type Decoded,
  decodeStrict,
  strictDecodingError,
} from '@coracle/apimachinery/structural';
import type { RequestContext } from '../filters/filter.ts';
import { bodyEncoding } from '../negotiation/content-type.ts';
import type { FieldValidation } from './write-options.ts';
import { anotherType, claimedKind, unrecognized, unrecognizedJson, unregistered } from './unreadable-body.ts';
import { duplicatesError, parseYaml, warningsOf } from './yaml-body.ts';

/** What a body must be. */
export interface Expected {
  readonly kind: GroupVersionKind;
  readonly schema: ObjectSchema;
  /** Reads a protobuf message of the kind; undefined where the kind has none. */
  readonly decodeMessage: ((message: Uint8Array) => KubernetesObject) | undefined;
}

/**
 * Reads the body of a write: private plain data of the expected kind and version. Unknown and repeated fields are dropped,
 * warned of or refused, as `validation` says. Throws BadRequest, UnsupportedMediaType or RequestEntityTooLarge.
 */
export async function readObject(
  context: RequestContext,
  { bodyBytesMax, expectedOfKind }: BodyRules,
  expected: Expected,
  validation: FieldValidation,
): Promise<KubernetesObject> {
  const { body, headers } = context.request;
  const isRegistered = (kind: GroupVersionKind) => expectedOfKind(kind) !== undefined;
  const bytes = body.object === undefined ? await body.bytes(bodyBytesMax) : undefined;
  let decoded: Decoded;
  try {
    decoded =
      bytes === undefined
        ? handling(expected, body.object, () => checkObject(deepCopy(body.object), expected.schema))
        : decodeBytes(bytes, headers['content-type'], expected, validation);
  } catch (error) {
    // What it claims to be is looked at before its content.
    if (bytes !== undefined && expected.schema.builtin === true) checkKind(claimsOf(bytes), expected, isRegistered);
    throw error;
  }
  const object = decoded.object as KubernetesObject;
  if (bytes !== undefined && expected.schema.builtin !== true) checkSaysKind(object, expected, bytes);
  checkKind(object, expected, isRegistered);
  reportStrictErrors(context, decoded.strictErrors, expected, validation);
  return object;
}

/** What a JSON body says that it is, as far as that can be read. */
function claimsOf(bytes: Uint8Array): KubernetesObject {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString());
    const { apiVersion, kind } = isObject(value) ? value : {};
    return typeof apiVersion === 'string' && typeof kind === 'string' ? { apiVersion, kind } : {};
  } catch {
    return {};
  }
}

/** A custom resource says what it is. */
function checkSaysKind(object: KubernetesObject, { kind }: Expected, bytes: Uint8Array): void {
  const problem = Array.isArray(object) ? unrecognizedJson(kind, bytes) : undefined;
  if (problem !== undefined) throw problem;
  for (const [name, value] of [['Kind', object.kind] as const, ['apiVersion', object.apiVersion] as const]) {
    if (value) continue;
    const text = Buffer.from(bytes).toString();
    throw unrecognized(kind, bytes, `Object '${name}' is missing in '${text}'`);
  }
}

/** What holds for every body. */
export interface BodyRules {
  readonly bodyBytesMax: number;
  expectedOfKind(kind: GroupVersionKind): Expected | undefined;
}

/** Decodes a body without a look at what it claims to be. */
export function decodeBytes(
  bytes: Uint8Array,
  contentType: string | undefined,
  expected: Expected,
  validation: FieldValidation,
): Decoded {
  const encoding = bodyEncoding(contentType, expected.decodeMessage !== undefined);
  if (encoding === 'protobuf') return handling(expected, undefined, () => decodeProtobuf(bytes, expected));
  const strict = validation !== 'Ignore';
  if (encoding === 'json') return decodeJson(bytes, expected, strict);
  return handling(expected, undefined, () => decodeYaml(bytes, expected, strict));
}

function decodeJson(bytes: Uint8Array, expected: Expected, strict: boolean): Decoded {
  try {
    return handling(expected, undefined, () => decodeStrict(bytes, expected.schema, { strict }));
  } catch (error) {
    // Only now: what is fine is read once.
    throw unrecognizedJson(expected.kind, bytes) ?? error;
  }
}

function decodeProtobuf(bytes: Uint8Array, { kind, decodeMessage }: Expected): Decoded {
  const { apiVersion, kind: found, raw } = decodeEnvelope(bytes);
  const message = decodeMessage?.(raw);
  return {
    object: { kind: found || kind.kind, apiVersion: apiVersion || groupVersion(kind), ...message },
    strictErrors: [],
  };
}

function decodeYaml(bytes: Uint8Array, expected: Expected, strict: boolean): Decoded {
  const { value, duplicates } = parseYaml(bytes, strict);
  const { object, strictErrors } = checkObject(value, expected.schema);
  return {
    object,
    strictErrors: duplicates.length === 0 ? strictErrors : [duplicatesError(duplicates), ...strictErrors],
  };
}

function handling(expected: Expected, value: unknown, decode: () => Decoded): Decoded {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DecodeError || error instanceof MalformedProtobufError)
      throw cannotHandle(expected.kind, kindOf(value) ?? expected.kind.kind, error.message);
    throw error;
  }
}

function kindOf(value: unknown): string | undefined {
  return isObject(value) && typeof value['kind'] === 'string' ? value['kind'] : undefined;
}

function cannotHandle({ kind, version }: GroupVersionKind, found: string, why: string) {
  return badRequest(`${found} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${why}`);
}

/** Warns of or refuses what the schema does not know. */
export function reportStrictErrors(
  context: RequestContext,
  strictErrors: readonly string[],
  expected: Expected,
  validation: FieldValidation,
): void {
  if (strictErrors.length === 0 || validation === 'Ignore') return;
  if (validation === 'Strict') throw cannotHandle(expected.kind, expected.kind.kind, strictDecodingError(strictErrors));
  for (const text of strictErrors.flatMap(warningsOf)) context.warnings.add(text);
}

/** A body may leave out what it is, but not claim to be something else. */
function checkKind(
  object: KubernetesObject,
  { kind: expected, schema }: Expected,
  isRegistered: (kind: GroupVersionKind) => boolean,
): void {
  const apiVersion = groupVersion(expected);
  const isOther = (object.apiVersion || apiVersion) !== apiVersion || (object.kind || expected.kind) !== expected.kind;
  if (isOther && schema.builtin === true) {
    const claimed = claimedKind(object, expected);
    const problem = groupVersionProblem(object.apiVersion ?? '');
    if (problem !== undefined) throw unrecognized(expected, Buffer.from(JSON.stringify(object)), problem);
    if (!isRegistered(claimed)) throw unregistered(claimed, expected);
  }
  object.apiVersion ||= apiVersion;
  object.kind ||= expected.kind;
  if (object.kind !== expected.kind && schema.builtin === true) {
    const { version } = parseGroupVersion(object.apiVersion);
    const why = `converting (${version}.${object.kind}) to (${goPackage(expected.group)}.${expected.kind}): unknown conversion`;
    throw cannotHandle({ ...expected, version }, object.kind, why);
  }
  if (object.apiVersion !== apiVersion) {
    throw badRequest(
      `the API version in the data (${object.apiVersion}) does not match the expected API version (${apiVersion})`,
    );
  }
  if (object.kind !== expected.kind) throw anotherType(object, expected);
}

/** Package of upstream's internal types of a group. */
function goPackage(group: string): string {
  return group === '' ? 'core' : (group.split('.')[0] as string);
}
