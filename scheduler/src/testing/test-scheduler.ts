import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { Node, Pod } from '@coracle/apimachinery/types/core-v1';
import { createClient } from '@coracle/client/rest';
import { createMemoryApi, type MemoryApi, type TestEnvironment, testEnvironment } from '@coracle/client/testing';
import { startScheduler } from '../scheduler.ts';

export interface RunningTestScheduler extends AsyncDisposable {
  readonly api: MemoryApi;
  readonly clock: TestEnvironment['clock'];
  /** Puts pods there and lets everything settle; says where each of them is. */
  schedule(...pods: readonly Pod[]): Promise<readonly (string | undefined)[]>;
  nodeOf(name: string): string | undefined;
  /** `reason: message` of the events about an object, in the order of their writing. */
  eventsOf(name: string): readonly string[];
  condition(name: string, type?: string): { status: string; reason?: string; message?: string } | undefined;
}

interface WrittenEvent extends KubernetesObject {
  involvedObject: { name: string };
  reason: string;
  message: string;
}

/** The whole scheduler over an API in memory, in virtual time. */
export async function startTestScheduler(
  nodes: readonly Node[],
  pods: readonly Pod[] = [],
): Promise<RunningTestScheduler> {
  const api = createMemoryApi();
  const environment = testEnvironment();
  for (const node of nodes) api.put('nodes', node);
  for (const pod of pods) api.put('pods', pod);
  const client = createClient(api.transport, { clock: environment.clock });
  const scheduler = await startScheduler({ client, environment });
  const get = (name: string) => api.list<Pod>('pods').find((pod) => pod.metadata?.name === name);
  return {
    api,
    clock: environment.clock,
    async schedule(...wanted) {
      for (const pod of wanted) api.put('pods', pod);
      for (let turn = 0; turn < 5; turn++) await environment.clock.settle();
      return wanted.map((pod) => get(pod.metadata?.name ?? '')?.spec?.nodeName);
    },
    nodeOf: (name) => get(name)?.spec?.nodeName,
    eventsOf: (name) =>
      api
        .list<WrittenEvent>('events')
        .filter((event) => event.involvedObject.name === name)
        .map(({ reason, message }) => `${reason}: ${message}`),
    condition: (name, type = 'PodScheduled') =>
      get(name)?.status?.conditions?.find((condition) => condition.type === type),
    [Symbol.asyncDispose]: () => scheduler.stop(),
  };
}
