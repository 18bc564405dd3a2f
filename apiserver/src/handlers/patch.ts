import { Buffer } from 'node:buffer';
import {
  badRequest,
  field,
  invalid,
  notFound,
  unknownMediaType,
  unsupportedMediaType,
} from '@coracle/apimachinery/errors';
import { deepCopy, parseJson } from '@coracle/apimachinery/json';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import {
  applyJsonPatch,
  applyMergePatch,
  applyStrategicMergePatch,
  goValue,
  mergedPatch,
} from '@coracle/apimachinery/patch';
import { type ObjectSchema, parseGroupVersion, type SubresourceRow } from '@coracle/apimachinery/schema';
import { checkObject, DecodeError, strictDecodingError } from '@coracle/apimachinery/structural';
import type { RequestContext } from '../filters/filter.ts';
import type { ApiResponse } from '../http/api-request.ts';
import { mediaTypeWithoutParameters } from '../negotiation/content-type.ts';
import { servedForm, type ServedResource } from '../registry/served-resource.ts';
import type { SubresourceStrategy } from '../registry/strategy.ts';
import { type Produce, updateObject } from '../registry/update.ts';
import { applyTo, decoded, readApplyPatch } from './apply.ts';
import type { Call } from './call.ts';
import { negotiateCall, respondWithObject } from './respond.ts';
import { conversionProblem } from './conversion-problem.ts';
import { changeView, expectedOf, ownedView, viewFields } from './subresource.ts';
import { anotherType, kindProblem, unknownKind } from './unreadable-body.ts';
import { parseWriteOptions, type WriteOptions } from './write-options.ts';
import { writeOf } from './writing.ts';

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

const patchTypeOf: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

/** PATCH of an object, or of it through a subresource that shows all of it. */
export async function patch(call: Call): Promise<ApiResponse> {
  const { context, resource } = call;
  const { name } = context.info;
  const type = patchType(context, resource);
  const negotiated = negotiateCall(call);
  const options = parseWriteOptions(context.request.query, 'PatchOptions', type === 'apply');
  const write = writeOf(call, options);
  let produce: Produce;
  if (type === 'apply') {
    const applied = await readApplyPatch(call, options);
    produce = (current) => applyTo(call, write, current, applied, options);
  } else {
    const body = await readPatch(call);
    produce = async (current) => {
      if (current === undefined) throw notFound(resource.groupResource, name);
      const served = await servedForm(resource, current.object);
      const changed = patched(context, served, body, { type, schema: resource.schema }, options);
      resource.setDefaults(changed);
      const object = resource.withServedZeros(changed);
      write.fields?.update(served, object);
      return resource.toStorage(object);
    };
  }
  const mayCreate = type === 'apply' && context.info.subresource === '';
  const result = await updateObject(write, name, produce, { mayCreate, uidIsPrecondition: false });
  return respondWithObject(call, negotiated, result.object, result.stored, result.created ? 201 : 200);
}

/** PATCH of a view such as `scale`. */
export async function patchView(
  call: Call,
  row: SubresourceRow,
  view: Extract<SubresourceStrategy, { type: 'view' }>,
): Promise<ApiResponse> {
  const { context, resource } = call;
  const type = patchType(context, resource);
  const options = parseWriteOptions(context.request.query, 'PatchOptions', type === 'apply');
  const { schema } = expectedOf(call, row.kind);
  const write = writeOf(call, options);
  if (type === 'apply') {
    const fields = viewFields(call, write, row);
    const intent = await readApplyPatch(call, options);
    return changeView(call, row, view, write, (current) => {
      if (fields === undefined) throw badRequest(`${context.info.subresource} cannot be applied`);
      return decoded(fields.apply(current, intent, options.force === true), schema);
    });
  }
  const body = await readPatch(call);
  return changeView(call, row, view, write, (current) =>
    ownedView(call, write, row, current, patched(context, current, body, { type, schema }, options)),
  );
}

function patchType(context: RequestContext, resource: ServedResource): PatchType {
  const type = patchTypeOf[mediaTypeWithoutParameters(context.request.headers['content-type'] ?? '')];
  if (type !== undefined && (type !== 'strategic' || resource.strategicMerge)) return type;
  const supported = Object.keys(patchTypeOf).filter(
    (name) => resource.strategicMerge || patchTypeOf[name] !== 'strategic',
  );
  if (resource.schema.builtin === true) throw unknownMediaType();
  throw unsupportedMediaType(supported);
}

async function readPatch(call: Call): Promise<unknown> {
  const patch = await decodePatch(call);
  call.context.audit?.setRequestPatch(patch);
  return patch;
}

async function decodePatch({ core, context }: Call): Promise<unknown> {
  const { body } = context.request;
  if (body.object !== undefined) return body.object;
  const bytes = await body.bytes(core.bodyBytesMax);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  try {
    return parseJson(text);
  } catch (error) {
    throw error instanceof SyntaxError ? badRequest('invalid JSON patch') : error;
  }
}

/** A private copy of `object` with the patch applied, checked against the schema. */
function patched(
  context: RequestContext,
  object: KubernetesObject,
  body: unknown,
  { type, schema }: { readonly type: Exclude<PatchType, 'apply'>; readonly schema: ObjectSchema },
  options: WriteOptions,
): KubernetesObject {
  const result = deepCopy(applyPatch(object, body, type, schema));
  // Upstream converts this kind of patch without going through JSON: other words, and it shows the patch.
  const converts = type === 'strategic';
  // Made anew where it is asked for: the check takes out what the schema does not know.
  const shown = () =>
    converts ? goValue(mergedPatch(object, body, schema)) : JSON.stringify(applyPatch(object, body, type, schema));
  try {
    const decoded = checkObject(result, schema, { converts });
    checkKind(object, decoded.object, result, schema);
    const strictErrors = converts ? [...decoded.strictErrors].sort() : decoded.strictErrors;
    if (strictErrors.length > 0) reportStrict(context, strictErrors, shown, options);
    // A patch that took away what the object is has not made it another one.
    const { apiVersion, kind } = object;
    return { apiVersion, kind, ...decoded.object } as KubernetesObject;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const { mismatch, message } = error;
    throw badPatch(shown(), converts && mismatch !== undefined ? conversionProblem(mismatch, message) : message);
  }
}

/** A patch may not make it an object of another kind. */
function checkKind(
  before: KubernetesObject,
  after: KubernetesObject,
  result: KubernetesObject,
  { builtin }: ObjectSchema,
): void {
  const problem = kindProblem(result as Readonly<Record<string, unknown>>);
  if (problem !== undefined) throw badPatch(JSON.stringify(result), problem);
  const { apiVersion = before.apiVersion ?? '', kind = before.kind ?? '' } = after;
  if (apiVersion === before.apiVersion && kind === before.kind) return;
  if (builtin !== true) {
    throw anotherType(
      { ...after, apiVersion, kind },
      { ...parseGroupVersion(before.apiVersion ?? ''), kind: before.kind ?? '' },
    );
  }
  throw badPatch(JSON.stringify(result), unknownKind(kind, apiVersion));
}

function applyPatch(
  object: KubernetesObject,
  body: unknown,
  type: Exclude<PatchType, 'apply'>,
  schema: ObjectSchema,
): KubernetesObject {
  switch (type) {
    case 'json':
      return applyJsonPatch(object, body);
    case 'merge':
      return applyMergePatch(object, body);
    case 'strategic':
      return applyStrategicMergePatch(object, body, schema);
  }
}

function reportStrict(
  context: RequestContext,
  errors: readonly string[],
  shown: () => string,
  options: WriteOptions,
): void {
  if (options.fieldValidation === 'Strict') throw badPatch(shown(), strictDecodingError(errors));
  if (options.fieldValidation === 'Warn') for (const text of errors) context.warnings.add(text);
}

function badPatch(shown: string, why: string) {
  return invalid({ group: '', kind: '' }, '', [field.invalid('patch', shown, why)]);
}
