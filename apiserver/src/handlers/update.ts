import { deepCopy } from '@coracle/apimachinery/json';
import type { ApiResponse } from '../http/api-request.ts';
import { dedupeOwnerReferences } from '../registry/metadata.ts';
import { type Produce, updateObject } from '../registry/update.ts';
import { readObject } from './body.ts';
import type { Call } from './call.ts';
import { negotiateCall, respondWithObject } from './respond.ts';
import { parseWriteOptions } from './write-options.ts';
import { expectedBody, writeOf } from './writing.ts';

/** PUT of an object, or of it through a subresource that shows all of it. */
export async function update(call: Call): Promise<ApiResponse> {
  const { core, context, resource } = call;
  const negotiated = negotiateCall(call);
  const options = parseWriteOptions(context.request.query, 'UpdateOptions');
  const body = await readObject(context, core.bodyBytesMax, expectedBody(resource), options.fieldValidation);
  resource.setDefaults(body);
  const wanted = resource.toStorage(body);
  const write = writeOf(call, options);
  dedupeOwnerReferences(wanted, false, write.context.warn);
  const produce: Produce = (current) => {
    const object = deepCopy(wanted);
    write.fields?.update(current?.object, object);
    return object;
  };
  const mayCreate = resource.strategy.createOnUpdate === true && context.info.subresource === '';
  const result = await updateObject(write, context.info.name, produce, { mayCreate });
  return respondWithObject(call, negotiated, result.object, result.stored, result.created ? 201 : 200);
}
