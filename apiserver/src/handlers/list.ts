import { Buffer } from 'node:buffer';
import { badRequest, StatusError } from '@coracle/apimachinery/errors';
import type { ListMeta } from '@coracle/apimachinery/meta';
import type { ApiResponse } from '../http/api-request.ts';
import { decodeContinueToken, encodeContinueToken } from '../storage/object-store/index.ts';
import type { ListRequest, ListResult, Selection } from '../storage/object-store/object-store.ts';
import { CompactedError } from '../storage/storage.ts';
import { type Call, writeContextOf } from './call.ts';
import { listFreshness, type ListOptions, parseListOptions } from './list-options.ts';
import { negotiateCall, respondWithList, respondWithMadeUpList } from './respond.ts';
import { selectionOf } from './selection.ts';
import { goJsonError } from './unreadable-body.ts';

/** GET of many objects: a header, cached bytes joined, a footer. */
export async function list(call: Call): Promise<ApiResponse> {
  const negotiated = negotiateCall(call);
  const options = parseListOptions(call.context.request.query);
  const { virtual } = call.resource.strategy;
  if (virtual !== undefined) {
    return respondWithMadeUpList(call, negotiated, await virtual.list(writeContextOf(call, false)), {});
  }
  const selection = selectionOf(call, options);
  const result = await call.resource.store.list(requestOf(selection, options)).catch((error: unknown) => {
    throw options.continue !== '' && error instanceof CompactedError ? tokenTooOld(options.continue) : error;
  });
  return respondWithList(call, negotiated, result.items, listMeta(result, selection));
}

function requestOf(selection: Selection, options: ListOptions): ListRequest {
  // Upstream answers version 0 from its cache, which never cut a list short.
  const limit = options.limit > 0 && options.resourceVersion !== '0' ? { limit: options.limit } : {};
  if (options.continue === '') return { ...selection, ...limit, freshness: listFreshness(options) };
  const token = decodeContinueToken(options.continue);
  if (token === undefined) throw badRequest(`invalid continue token: ${continueTokenProblem(options.continue)}`);
  if (options.resourceVersion !== '' && options.resourceVersion !== '0') {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  const { revision, startAfter } = token;
  return {
    ...selection,
    ...limit,
    startAfter,
    freshness: revision < 0 ? { type: 'newest' } : { type: 'exact', revision },
  };
}

/** Upstream's words for a token that is not one of its own. */
function continueTokenProblem(token: string): string {
  const text = Buffer.from(token, 'base64url').toString('latin1');
  try {
    JSON.parse(text);
    return 'continue key is not valid: the token was not made by this server';
  } catch (error) {
    return `continue key is not valid: ${goJsonError(text, error as Error)}`;
  }
}

function listMeta(result: ListResult, selection: Selection): ListMeta {
  const meta: ListMeta = { resourceVersion: String(result.revision) };
  const last = result.items.at(-1);
  if (result.more === undefined || last === undefined) return meta;
  const { namespace, name } = last;
  meta.continue = encodeContinueToken({ revision: result.revision, startAfter: { namespace, name } });
  const { remaining } = result.more;
  if (remaining !== undefined && selection.matches === undefined) meta.remainingItemCount = remaining;
  return meta;
}

const tokenTooOldMessage =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
  'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
  'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted ' +
  'between the time the first chunk was returned and now may show up in the list.';

/** 410 with a token that goes on where the list was, in the state as it is now. */
function tokenTooOld(continueText: string): StatusError {
  const token = decodeContinueToken(continueText);
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: token === undefined ? {} : { continue: encodeContinueToken({ ...token, revision: -1 }) },
    status: 'Failure',
    message: tokenTooOldMessage,
    reason: 'Expired',
    code: 410,
  });
}
