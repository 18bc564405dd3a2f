import { notFound } from '@coracle/apimachinery/errors';
import type { ApiResponse } from '../http/api-request.ts';
import { type Call, keyOfCall, writeContextOf } from './call.ts';
import { freshnessOf } from './list-options.ts';
import { negotiateCall, respondWithObject } from './respond.ts';

/** GET of one object: its cached bytes as they are. */
export async function get(call: Call): Promise<ApiResponse> {
  const { context, resource } = call;
  const { name } = context.info;
  const negotiated = negotiateCall(call);
  const { virtual } = resource.strategy;
  if (virtual !== undefined) {
    const object = await virtual.get(name, writeContextOf(call, false));
    if (object === undefined) throw notFound(resource.groupResource, name);
    return respondWithObject(call, negotiated, object, undefined);
  }
  const { query } = context.request;
  const freshness = freshnessOf(query.size === 0 ? '' : (query.get('resourceVersion') ?? ''));
  const stored = await resource.store.get(keyOfCall(call), freshness);
  if (stored === undefined) throw notFound(resource.groupResource, name);
  return respondWithObject(call, negotiated, stored.object, stored);
}
