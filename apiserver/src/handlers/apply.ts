import { badRequest, plainError } from '@coracle/apimachinery/errors';
import { isObject } from '@coracle/apimachinery/json';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { type ObjectSchema, parseGroupVersion } from '@coracle/apimachinery/schema';
import { checkObject, DecodeError } from '@coracle/apimachinery/structural';
import { servedForm } from '../registry/served-resource.ts';
import type { Write } from '../registry/write.ts';
import type { StoredObject } from '../storage/object-store/object-store.ts';
import type { RequestContext } from '../filters/filter.ts';
import type { Call } from './call.ts';
import { conversionProblem } from './conversion-problem.ts';
import type { WriteOptions } from './write-options.ts';
import { duplicatesError, parseYaml } from './yaml-body.ts';

/** The body of a server-side apply: an object of the served version, as the client wrote it. */
export async function readApplyPatch({ core, context }: Call, options: WriteOptions): Promise<KubernetesObject> {
  const { body } = context.request;
  const value = body.object ?? decode(context, await body.bytes(core.bodyBytesMax), options);
  if (!isObject(value)) throw badRequest('error decoding patch: the patch is no object');
  context.audit?.setRequestPatch(value);
  return value as KubernetesObject;
}

function decode(context: RequestContext, bytes: Uint8Array, { fieldValidation }: WriteOptions): unknown {
  try {
    const { value, duplicates } = parseYaml(bytes, fieldValidation !== 'Ignore');
    if (duplicates.length > 0 && fieldValidation === 'Strict') {
      throw badRequest(`error strict decoding patch: error converting YAML to JSON: ${duplicatesError(duplicates)}`);
    }
    for (const text of duplicates) context.warnings.add(text);
    return value;
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(`error decoding patch: ${error.message}`);
    throw error;
  }
}

/** Merged data as an object of its kind: what is explicitly null in a map or list is a zero value. */
export function decoded(merged: KubernetesObject, schema: ObjectSchema): KubernetesObject {
  try {
    return checkObject(merged, schema, { converts: true }).object as KubernetesObject;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const { apiVersion = '', kind = '', metadata } = merged;
    const { group, version } = parseGroupVersion(apiVersion);
    const type = `${group}/${version}, Kind=${kind}`;
    const which = `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}; ${type}`;
    const { mismatch, message } = error;
    const problem = mismatch === undefined ? message : conversionProblem(mismatch, message);
    const why = `unable to convert unstructured object to ${type}: ${problem}`;
    throw plainError(`failed to convert new object (${which}) to proper version: ${why}`);
  }
}

/** The object that results when the client's intent is merged into what is stored. Throws Conflict where others own fields. */
export async function applyTo(
  { resource }: Call,
  write: Write,
  current: StoredObject | undefined,
  intent: KubernetesObject,
  options: WriteOptions,
): Promise<KubernetesObject> {
  if (write.fields === undefined) throw badRequest(`${resource.row.resource} cannot be applied`);
  const live = current === undefined ? undefined : await servedForm(resource, current.object);
  const merged = decoded(write.fields.apply(live, intent, options.force === true), resource.schema);
  resource.setDefaults(merged);
  return resource.toStorage(merged);
}
