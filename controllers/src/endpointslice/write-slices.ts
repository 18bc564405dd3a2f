import { EndpointSlices } from '@coracle/apimachinery/resources';
import type { Client } from '@coracle/client/rest';
import { objectKey } from '../runtime/index.ts';
import { type Expectations, ignoreNotFound, isNamespaceTerminating } from '../shared/index.ts';
import type { SliceWrites } from './pack.ts';

/** Carries out the writes of one owner; the expectations keep it from counting slices that the cache has yet to show. */
export async function writeSlices(
  client: Client,
  owner: string,
  writes: SliceWrites,
  expectations: Expectations,
): Promise<void> {
  const uids = writes.delete.map((slice) => slice.metadata?.uid ?? '');
  expectations.expect(owner, writes.create.length, uids);
  try {
    for (const slice of writes.create) await client.create(EndpointSlices, slice);
    for (const slice of writes.update) await client.update(EndpointSlices, slice);
    for (const slice of writes.delete) {
      await ignoreNotFound(client.delete(EndpointSlices, objectKey(slice)));
    }
  } catch (error) {
    // What was written is seen by its own events; what was not is planned anew.
    expectations.forget(owner);
    if (!isNamespaceTerminating(error)) throw error;
  }
}
