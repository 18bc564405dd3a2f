import { rm } from 'node:fs/promises';
import type { AccessOptions } from '@coracle/apiserver';
import { ApiCaller } from './api-caller.ts';
import { type OwnApiServer, startOwnApiServer } from './own-api-server.ts';
import {
  createReferenceKeys,
  type ReferenceControlPlane,
  startReferenceControlPlane,
} from './reference-control-plane.ts';

/** kube-apiserver on an etcd of its own and this project's API server, with the same keys: a credential is good for both. */
export interface ServerPair extends AsyncDisposable {
  readonly reference: ReferenceControlPlane;
  readonly own: OwnApiServer;
}

/** Resolves when both are ready. `flags` are added to kube-apiserver's, `access` says the same to this project's. */
export async function startServerPair(flags: readonly string[] = [], access: AccessOptions = {}): Promise<ServerPair> {
  await using stack = new AsyncDisposableStack();
  const keys = await createReferenceKeys();
  stack.defer(() => rm(keys.directory, { recursive: true, force: true }));
  const reference = stack.use(await startReferenceControlPlane({ keys, flags }));
  const own = stack.use(await startOwnApiServer({ keys, access }));
  const running = stack.move();
  return { reference, own, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** What each of them has for `read`, as the administrator; both are asked at the same time. */
export async function askBoth<T>(
  pair: ServerPair,
  read: (api: ApiCaller) => Promise<T>,
): Promise<readonly [reference: T, own: T]> {
  using reference = new ApiCaller(pair.reference);
  using own = new ApiCaller(pair.own);
  return await Promise.all([read(reference), read(own)]);
}
