import { isStatus } from '@coracle/apimachinery/errors';
import type { ApiResponse } from '../http/api-request.ts';
import { deleteObject } from '../registry/delete.ts';
import type { Write } from '../registry/write.ts';
import type { ListRequest, StoredObject } from '../storage/object-store/object-store.ts';
import type { Call } from './call.ts';
import { deletionOf, readDeleteOptions } from './delete.ts';
import { listFreshness, parseListOptions } from './list-options.ts';
import { negotiateCall, respondWithList } from './respond.ts';
import { selectionOf } from './selection.ts';

/** Deletions under way at once for one request: enough for the store to write them in groups. */
const deletionsAtOnceMax = 32;

/** DELETE of everything a selector matches. Not atomic: what was deleted before an error stays deleted. Answers the list. */
export async function deleteCollection(call: Call): Promise<ApiResponse> {
  const { context, resource } = call;
  const negotiated = negotiateCall(call);
  const listOptions = parseListOptions(context.request.query);
  const options = await readDeleteOptions(call);
  const write = deletionOf(call, options);
  const request: ListRequest = {
    ...selectionOf(call, listOptions),
    freshness: listFreshness(listOptions),
    ...(listOptions.limit > 0 ? { limit: listOptions.limit } : {}),
  };
  const { items, revision } = await resource.store.list(request);
  await inParallel(items, deletionsAtOnceMax, context.signal, (item) => deleteItem(call, write, item, { ...options }));
  return respondWithList(call, negotiated, items, { resourceVersion: String(revision) });
}

/** Somebody else may have deleted it in the meantime: then it is gone, which is what was asked for. */
async function deleteItem(
  call: Call,
  write: Write,
  item: StoredObject,
  options: Parameters<typeof deleteObject>[2],
): Promise<void> {
  const namespaced = item.namespace === undefined ? write : inNamespace(write, item.namespace);
  try {
    await deleteObject(namespaced, item.name, options);
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error;
    call.core.environment.log.debug('object of a collection was already gone', { name: item.name });
  }
}

/** A collection over all namespaces deletes each object in its own. */
function inNamespace(write: Write, namespace: string): Write {
  return write.context.namespace === namespace ? write : { ...write, context: { ...write.context, namespace } };
}

async function inParallel<T>(
  items: readonly T[],
  atOnce: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      signal.throwIfAborted();
      await work(items[next++] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
