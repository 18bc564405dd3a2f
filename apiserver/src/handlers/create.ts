import type { ApiResponse } from '../http/api-request.ts';
import { createObject } from '../registry/create.ts';
import { dedupeOwnerReferences, wipeSystemFields } from '../registry/metadata.ts';
import { metaOf } from '../registry/write.ts';
import { readObject } from './body.ts';
import type { Call } from './call.ts';
import { negotiateCall, respondWithObject } from './respond.ts';
import { parseWriteOptions } from './write-options.ts';
import { expectedBody, writeOf } from './writing.ts';

/** POST to a resource. */
export async function create(call: Call): Promise<ApiResponse> {
  const { core, context, resource } = call;
  const negotiated = negotiateCall(call);
  const options = parseWriteOptions(context.request.query, 'CreateOptions');
  const sent = await readObject(context, core, expectedBody(resource), options.fieldValidation);
  resource.setDefaults(sent);
  const body = resource.withServedZeros(sent);
  context.audit?.setRequestObject(body);
  const write = writeOf(call, options);
  wipeSystemFields(metaOf(body));
  dedupeOwnerReferences(body, false, write.context.warn);
  write.fields?.update(undefined, body);
  const result = await createObject(write, await resource.toStorage(body));
  return respondWithObject(call, negotiated, result.object, result.stored, 201);
}
