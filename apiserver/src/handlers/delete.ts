import type { Status } from '@coracle/apimachinery/errors';
import type { ApiResponse } from '../http/api-request.ts';
import { statusResponse } from '../negotiation/status-response.ts';
import { deleteObject, type DeleteResult } from '../registry/delete.ts';
import type { DeleteOptions } from '../registry/readers.ts';
import type { Write } from '../registry/write.ts';
import { decodeBytes } from './body.ts';
import { type Call, writeContextOf } from './call.ts';
import { negotiateCall, respondWithObject } from './respond.ts';
import { deleteOptionsOf, validateDeleteOptions } from './write-options.ts';

/** DELETE of one object. Answers a Status, or the object where it stays for now or the kind says so. */
export async function deleteOne(call: Call): Promise<ApiResponse> {
  const { context, resource } = call;
  const negotiated = negotiateCall(call);
  const options = await readDeleteOptions(call);
  const result = await deleteObject(deletionOf(call, options), context.info.name, options);
  const accepted = !result.deleted && options.orphanDependents === false;
  if (!result.deleted || resource.strategy.deletion?.returnsObject === true) {
    return respondWithObject(call, negotiated, result.object, result.stored, accepted ? 202 : 200);
  }
  return statusResponse(successOf(call, result), context.request);
}

/** The registry's side of a delete. */
export function deletionOf(call: Call, options: DeleteOptions): Write {
  const { core, context, resource } = call;
  const { kind: _kind, apiVersion: _apiVersion, ...wire } = options;
  return {
    resource,
    context: writeContextOf(call, (options.dryRun?.length ?? 0) > 0),
    admission: core.admission,
    fields: undefined,
    options: wire,
    subresource: undefined,
    annotate: (key, value) => context.annotations.set(key, value),
    waited: (milliseconds) => void (context.waitedMs += milliseconds),
  };
}

/** Options from the body where there is one, from the query otherwise. */
export async function readDeleteOptions(call: Call): Promise<DeleteOptions> {
  const { audit, request } = call.context;
  const { body, query } = request;
  const options = body.object === undefined ? await optionsOf(call, query) : { ...(body.object as DeleteOptions) };
  audit?.setRequestObject({ kind: 'DeleteOptions', apiVersion: 'v1', ...options });
  validateDeleteOptions(options);
  return options;
}

/** Clients send `DeleteOptions` of any group version: only its fields count. */
async function optionsOf({ core, context }: Call, query: URLSearchParams): Promise<DeleteOptions> {
  const { body, headers } = context.request;
  const bytes = await body.bytes(core.bodyBytesMax);
  if (bytes.length === 0) return deleteOptionsOf(query);
  return decodeBytes(bytes, headers['content-type'], core.deleteOptions, 'Ignore').object as DeleteOptions;
}

function successOf({ resource }: Call, { object }: DeleteResult): Status {
  const { group, resource: kind } = resource.groupResource;
  const { name = '', uid } = object.metadata ?? {};
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...(group === '' ? {} : { group }), kind, ...(uid === undefined ? {} : { uid }) },
  };
}
