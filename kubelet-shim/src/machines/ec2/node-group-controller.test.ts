import { createEventRecorder } from '@coracle/client/events';
import { createInformers } from '@coracle/client/informer';
import { createClient } from '@coracle/client/rest';
import { createMemoryApi, type MemoryApi, testEnvironment } from '@coracle/client/testing';
import { expect } from 'chai';
import { whenGroupsReady } from '../../cloud/ready.ts';
import type { NodeGroup } from '../../cloud/resources.ts';
import { planAt } from '../../network/index.ts';
import type { MachineStore } from '../machine-store.ts';
import type { NodeRunner } from '../node-runner.ts';
import { memoryStore } from '../testing/memory-store.ts';
import { createNodeGroupController, type NodeGroupController } from './node-group-controller.ts';

const resource = 'nodegroups.cloud.coracle.dev';

function group(replicas: number, generation: number): NodeGroup {
  return {
    apiVersion: 'cloud.coracle.dev/v1',
    kind: 'NodeGroup',
    metadata: { name: 'ng-1', generation },
    spec: { instanceType: 'm5.large', replicas },
  };
}

/** A runner whose machines are ready nodes at once. */
function instantRunner(api: MemoryApi, store: MachineStore): NodeRunner & { readonly started: string[] } {
  const started: string[] = [];
  return {
    started,
    isRunning: (name) => started.includes(name),
    async start(record) {
      if (started.includes(record.name)) return;
      started.push(record.name);
      const labels = { 'eks.amazonaws.com/nodegroup': record.pool.kind === 'ec2' ? record.pool.nodeGroup : '' };
      const status = { conditions: [{ type: 'Ready', status: 'True' }] };
      api.put('nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: record.name, labels }, spec: {}, status });
    },
    async terminate(record) {
      started.splice(started.indexOf(record.name), 1);
      api.remove('nodes', record.name);
      await store.remove(record.name);
    },
    stop: async () => {},
  };
}

describe('the node group controller', () => {
  const environment = testEnvironment();
  let api: MemoryApi;
  let store: MachineStore;
  let runner: ReturnType<typeof instantRunner>;
  let controller: NodeGroupController;
  let ready: (timeoutMs: number) => Promise<void>;
  let stop: () => Promise<void>;

  beforeEach(async () => {
    api = createMemoryApi();
    store = memoryStore();
    runner = instantRunner(api, store);
    const client = createClient(api.transport, { clock: environment.clock });
    const informers = createInformers({ client, environment });
    const events = createEventRecorder({ client, environment }, { component: 'test' });
    const options = { network: planAt(0) };
    controller = createNodeGroupController({ environment, client, informers, events, store, runner, options });
    await informers.start();
    controller.run();
    ready = (timeoutMs) =>
      whenGroupsReady(
        { client, environment, signal: new AbortController().signal, resumed: controller.resumed },
        timeoutMs,
      );
    stop = async () => {
      await controller.stop();
      await events.stop();
      await informers.stop();
    };
  });
  afterEach(() => stop());

  it('makes nodes in two zones and says how many are ready', async () => {
    api.put(resource, group(2, 1));
    await ready(60_000);
    expect(runner.started).to.deep.equal([
      'ip-10-0-0-4.us-east-1.compute.internal',
      'ip-10-0-32-4.us-east-1.compute.internal',
    ]);
    expect(api.get<NodeGroup>(resource, 'ng-1')?.status).to.deep.include({
      replicas: 2,
      readyReplicas: 2,
      selector: 'eks.amazonaws.com/nodegroup=ng-1',
    });
  });

  it('scales down, and gives what was freed to the next machine', async () => {
    api.put(resource, group(2, 1));
    await ready(60_000);
    api.put(resource, { ...group(1, 2), status: api.get<NodeGroup>(resource, 'ng-1')?.status ?? {} });
    await ready(60_000);
    expect(api.list('nodes').map(({ metadata }) => metadata?.name)).to.deep.equal([
      'ip-10-0-0-4.us-east-1.compute.internal',
    ]);
    api.put(resource, { ...group(2, 3), status: api.get<NodeGroup>(resource, 'ng-1')?.status ?? {} });
    await ready(60_000);
    expect(store.list().map(({ slot }) => slot)).to.deep.equal([1, 2]);
  });

  it('puts another machine in the place of one that died', async () => {
    api.put(resource, group(1, 1));
    await ready(60_000);
    const [dead] = store.list();
    if (dead === undefined) throw new Error('no machine');
    const replaced = new Promise<void>((resolve) => {
      const { start } = runner;
      runner.start = async (record) => {
        await start(record);
        resolve();
      };
    });
    controller.machineDied(dead);
    await replaced;
    expect(store.list().map(({ id }) => id))
      .to.have.length(1)
      .and.not.include(dead.id);
  });

  it('ends the machines of a group that is deleted', async () => {
    api.put(resource, group(2, 1));
    await ready(60_000);
    const { terminate } = runner;
    const ended = new Promise<void>((resolve) => {
      runner.terminate = async (record) => {
        await terminate(record);
        if (store.list().length === 0) resolve();
      };
    });
    api.remove(resource, 'ng-1');
    await ended;
    expect(api.list('nodes')).to.deep.equal([]);
  });

  it('says which group is not ready when the time is up', async () => {
    runner.start = async () => {
      throw new Error('no containerd here');
    };
    api.put(resource, group(1, 1));
    const waiting = ready(5000).catch((error: Error) => error.message);
    for (let step = 0; step < 60; step++) {
      await new Promise((resolve) => setImmediate(resolve));
      await environment.clock.advance(100);
    }
    expect(await waiting).to.equal('not ready after 5 s: node group ng-1 has 0 of 1 nodes ready (no containerd here)');
  });
});
