import type { Environment } from '@coracle/apimachinery/component';
import type { Client } from '@coracle/client/rest';
import { type NodeGroup, NodeGroups } from './resources.ts';

export interface Waiting {
  readonly client: Client;
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** What nodes said before this process started counts only once their machines run again. */
  readonly resumed: Promise<void>;
}

/** Resolves once every node group has as many ready nodes as it asks for. Throws Error naming those that have not in time. */
export async function whenGroupsReady(
  { client, environment, signal, resumed }: Waiting,
  timeoutMs: number,
): Promise<void> {
  const timeUp = new AbortController();
  const timer = environment.clock.after(timeoutMs, () => timeUp.abort(new Error('time is up')));
  const until = AbortSignal.any([signal, timeUp.signal]);
  const groups = new Map<string, NodeGroup>();
  try {
    await Promise.race([resumed, aborted(until)]);
    const list = await client.list(NodeGroups);
    for (const group of list.items) groups.set(nameOf(group), group);
    if (unreadyGroups(groups).length === 0) return;
    const resourceVersion = list.metadata?.resourceVersion ?? '';
    for await (const event of client.watch(NodeGroups, { resourceVersion }, until)) {
      if (event.type === 'BOOKMARK') continue;
      if (event.type === 'DELETED') groups.delete(nameOf(event.object));
      else groups.set(nameOf(event.object), event.object);
      if (unreadyGroups(groups).length === 0) return;
    }
  } catch (error) {
    if (!timeUp.signal.aborted) throw error;
  } finally {
    timer.cancel();
    timeUp.abort();
  }
  signal.throwIfAborted();
  const waitedFor = unreadyGroups(groups).map(describe);
  if (waitedFor.length === 0) waitedFor.push('the machines of before do not all run again');
  throw new Error(`not ready after ${Math.round(timeoutMs / 1000)} s: ${waitedFor.join('; ')}`);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
}

function nameOf(group: NodeGroup): string {
  return group.metadata.name ?? '';
}

function unreadyGroups(groups: ReadonlyMap<string, NodeGroup>): readonly NodeGroup[] {
  return [...groups.values()].filter(
    ({ spec, status, metadata }) =>
      status?.readyReplicas !== spec.replicas ||
      status.replicas !== spec.replicas ||
      (status.observedGeneration ?? 0) < (metadata.generation ?? 0),
  );
}

function describe({ metadata, spec, status }: NodeGroup): string {
  const reason = status?.conditions?.find((condition) => condition.status === 'False')?.message;
  return `node group ${metadata.name} has ${status?.readyReplicas ?? 0} of ${spec.replicas} nodes ready${reason ? ` (${reason})` : ''}`;
}
