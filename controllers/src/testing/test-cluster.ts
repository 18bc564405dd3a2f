import { StatusError } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { Namespaces, Nodes, Pods } from '@coracle/apimachinery/resources';
import type { ResourceRef } from '@coracle/apimachinery/schema';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { startTestApiServer } from '@coracle/apiserver/testing';
import { createInformers, type Informer } from '@coracle/client/informer';
import type { Client } from '@coracle/client/rest';
import { createVirtualClock, testEnvironment, type VirtualClock } from '@coracle/client/testing';
import { type ControllersOptions, startControllers } from '../index.ts';
import { testSigning } from './test-signing.ts';

/** A control plane in this process: a real API server over memory, the controllers, and time that a test moves. */
export interface TestCluster extends AsyncDisposable {
  readonly client: Client;
  readonly clock: VirtualClock;
  /** Lets everything under way finish until the check gives a value; throws what it last saw when it never does. */
  until<R>(what: string, check: () => Promise<R | undefined | false>): Promise<R>;
  /** What the API server has of a resource in the namespace `test`. */
  list<T extends KubernetesObject>(resource: ResourceRef<T>): Promise<T[]>;
  get<T extends KubernetesObject>(resource: ResourceRef<T>, name: string): Promise<T | undefined>;
  /** Creates the object in the namespace `test`. */
  create<T extends KubernetesObject>(resource: ResourceRef<T>, object: Omit<T, 'kind' | 'apiVersion'>): Promise<T>;
}

export interface TestClusterOptions extends ControllersOptions {
  /** Names of nodes that are ready. */
  readonly nodes?: readonly string[];
  /** What becomes of a pod that was created: bound and ready unless said otherwise. */
  readonly kubelet?: (pod: Pod) => 'ready' | 'running' | 'succeeded' | 'failed' | 'ignored';
}

export const namespace = 'test';
const turnsMax = 400;

export async function startTestCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  const clock = createVirtualClock();
  const environment = { ...testEnvironment(), clock };
  const api = await startTestApiServer({ clock });
  const { client } = api;
  for (const name of ['default', namespace]) await createIfMissing(client, Namespaces, { metadata: { name } });
  for (const name of options.nodes ?? []) {
    const labels = { 'kubernetes.io/hostname': name };
    const time = new Date(clock.now()).toISOString();
    await client.create(Nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } });
    const conditions = [{ type: 'Ready', status: 'True', lastHeartbeatTime: time, lastTransitionTime: time }];
    await client.patch(Nodes, { name }, { type: 'merge', body: { status: { conditions } } }, { subresource: 'status' });
  }
  const clientFor = (username: string) => api.clientFor({ username });
  const controllers = await startControllers({ clientFor, environment, signing: testSigning }, options);
  const informers = createInformers({ client, environment });
  runKubelet(client, clock, informers.for(Pods), options);
  await informers.start();

  const get: TestCluster['get'] = async (resource, name) => {
    try {
      return await client.get(resource, resource.namespaced ? { namespace, name } : { name });
    } catch (error) {
      if (error instanceof StatusError && error.code === 404) return undefined;
      throw error;
    }
  };
  return {
    client,
    clock,
    get,
    list: async (resource) => (await client.list(resource, resource.namespaced ? { namespace } : {})).items,
    create: (resource, object) => {
      const { group, version, kind } = resource;
      const metadata = { ...object.metadata, ...(resource.namespaced ? { namespace } : {}) };
      return client.create(resource, {
        ...object,
        apiVersion: group ? `${group}/${version}` : version,
        kind,
        metadata,
      } as KubernetesObject);
    },
    async until(what, check) {
      for (let turn = 0; turn < turnsMax; turn++) {
        const value = await check();
        if (value !== undefined && value !== false) return value;
        await clock.advance(50);
      }
      throw new Error(`did not come about: ${what}`);
    },
    async [Symbol.asyncDispose]() {
      await informers.stop();
      await controllers.stop();
      await api.stop();
    },
  };
}

async function createIfMissing<T extends KubernetesObject>(
  client: Client,
  resource: ResourceRef<T>,
  object: T,
): Promise<void> {
  const { version, kind } = resource;
  await client.create(resource, { apiVersion: version, kind, ...object }).catch((error: unknown) => {
    if (!(error instanceof StatusError && error.code === 409)) throw error;
  });
}

/** Plays the part of scheduler and node agent: binds pods, makes them what they are to be, and lets go of those that leave. */
function runKubelet(
  client: Client,
  clock: VirtualClock,
  pods: Informer<Pod>,
  { nodes = ['node-1'], kubelet }: TestClusterOptions,
): void {
  const act = async (pod: Pod): Promise<void> => {
    const { name = '', namespace: space, deletionTimestamp } = pod.metadata ?? {};
    const key = { namespace: space, name };
    if (deletionTimestamp) return client.delete(Pods, key, { gracePeriodSeconds: 0 });
    const fate = kubelet?.(pod) ?? 'ready';
    if (fate === 'ignored') return;
    if (!pod.spec?.nodeName) {
      const target = { apiVersion: 'v1', kind: 'Node', name: wantedNode(pod) ?? nodes[0] ?? '' };
      await client.create(
        Pods,
        { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace: space }, target } as KubernetesObject,
        {
          subresource: 'binding',
        },
      );
      return;
    }
    const status = statusOf(fate, new Date(clock.now()).toISOString());
    if (
      pod.status?.phase === status.phase &&
      pod.status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === status.ready)
    )
      return;
    const { ready: _, ...body } = status;
    await client.patch(Pods, key, { type: 'strategic', body: { status: body } }, { subresource: 'status' });
  };
  // Lost races are played again on the pod's next event.
  const handle = (pod: Pod): void => void act(pod).catch(() => undefined);
  pods.addHandler({ added: handle, updated: handle });
}

function wantedNode(pod: Pod): string | undefined {
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required?.nodeSelectorTerms[0]?.matchFields?.[0]?.values?.[0];
}

function statusOf(fate: string, time: string) {
  const ready = fate === 'ready' ? 'True' : 'False';
  const phase = fate === 'succeeded' ? 'Succeeded' : fate === 'failed' ? 'Failed' : 'Running';
  const exitCode = fate === 'failed' ? 1 : 0;
  const ended = { terminated: { exitCode, finishedAt: time, startedAt: time, reason: 'Ended' } };
  const state = phase === 'Running' ? { running: { startedAt: time } } : ended;
  return {
    ready,
    phase,
    podIP: '10.1.0.1',
    podIPs: [{ ip: '10.1.0.1' }],
    conditions: [{ type: 'Ready', status: ready, lastTransitionTime: time }],
    containerStatuses: [{ name: 'main', state, ready: fate === 'ready', restartCount: 0, image: 'image', imageID: '' }],
  };
}
