import { badRequest } from '@coracle/apimachinery/errors';
import { deepCopy } from '@coracle/apimachinery/json';
import type { ApiResponse } from '../http/api-request.ts';
import { checkName, dedupeOwnerReferences } from '../registry/metadata.ts';
import { servedForm } from '../registry/served-resource.ts';
import { type Produce, updateObject } from '../registry/update.ts';
import { metaOf } from '../registry/write.ts';
import { readObject } from './body.ts';
import type { Call } from './call.ts';
import { negotiateCall, respondWithObject } from './respond.ts';
import { parseWriteOptions } from './write-options.ts';
import { expectedBody, writeOf } from './writing.ts';

/** PUT of an object, or of it through a subresource that shows all of it. */
export async function update(call: Call): Promise<ApiResponse> {
  const { core, context, resource } = call;
  if (context.info.name === '') throw badRequest('name must be provided');
  const negotiated = negotiateCall(call);
  const options = parseWriteOptions(context.request.query, 'UpdateOptions');
  const sent = await readObject(context, core, expectedBody(resource), options.fieldValidation);
  resource.setDefaults(sent);
  const body = resource.withServedZeros(sent);
  context.audit?.setRequestObject(body);
  checkName(metaOf(body), context.info.name);
  const write = writeOf(call, options);
  dedupeOwnerReferences(body, false, write.context.warn);
  const produce: Produce = async (current) => {
    const object = deepCopy(body);
    const live = current === undefined ? undefined : await servedForm(resource, current.object);
    write.fields?.update(live, object);
    return resource.toStorage(object);
  };
  const mayCreate = resource.strategy.createOnUpdate === true && context.info.subresource === '';
  const result = await updateObject(write, context.info.name, produce, { mayCreate, uidIsPrecondition: true });
  return respondWithObject(call, negotiated, result.object, result.stored, result.created ? 201 : 200);
}
