import { builtinScheme } from '@coracle/apimachinery/scheme';
import { pathOf } from '@coracle/client/rest';
import { ApiCaller, mergePatchHeaders, type ServerProcess } from '../support/index.ts';
import { namespace } from './corpus.ts';

/** Paths of the objects that a server has from the start. */
export type Snapshot = ReadonlySet<string>;

interface Meta {
  readonly name: string;
  readonly namespace?: string;
  readonly finalizers?: readonly string[];
}

export async function snapshotOf(server: ServerProcess): Promise<Snapshot> {
  using caller = new ApiCaller(server);
  return new Set((await everything(caller)).map(({ path }) => path));
}

/** Makes the namespace that requests are made in. */
export async function prepare(server: ServerProcess): Promise<void> {
  using caller = new ApiCaller(server);
  await caller.call('/api/v1/namespaces', { method: 'POST', body: { metadata: { name: namespace } } });
}

/** Removes what is not in the snapshot, against finalizers and grace periods: there are no controllers to wait for. */
export async function cleanUp(server: ServerProcess, keep: Snapshot): Promise<void> {
  using caller = new ApiCaller(server);
  // What could refuse the rest goes first.
  for (const first of [true, false]) {
    const extra = (await everything(caller)).filter(({ path }) => !keep.has(path));
    await Promise.all(
      extra
        .filter(({ path }) => !first || /admissionregistration|apiregistration/.test(path))
        .map((one) => remove(caller, one)),
    );
  }
}

const withoutFinalizers = { method: 'PATCH', headers: mergePatchHeaders, body: '{"metadata":{"finalizers":null}}' };

async function remove(caller: ApiCaller, { path, meta }: { path: string; meta: Meta }): Promise<void> {
  if (meta.finalizers !== undefined) {
    await caller.call(path, withoutFinalizers);
  }
  await caller.call(path, {
    method: 'DELETE',
    body: { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0 },
  });
  if (/^\/api\/v1\/namespaces\/[^/]+$/.test(path)) {
    await caller.call(`${path}/finalize`, {
      method: 'PUT',
      body: { kind: 'Namespace', apiVersion: 'v1', metadata: { name: meta.name }, spec: {} },
    });
  }
  if (path.includes('/customresourcedefinitions/')) {
    await caller.call(path, withoutFinalizers);
  }
}

async function everything(caller: ApiCaller): Promise<{ path: string; meta: Meta }[]> {
  const lists = [...builtinScheme().rows()].filter(({ verbs }) => verbs.includes('list') && verbs.includes('delete'));
  const found = await Promise.all(
    lists.map(async (row) => {
      const answer = await caller.call(pathOf(row, {}));
      const { items } = answer.json<{ items?: { metadata: Meta }[] }>();
      return (items ?? []).map(({ metadata: meta }) => ({ path: pathOf(row, meta), meta }));
    }),
  );
  return found.flat();
}
