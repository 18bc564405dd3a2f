import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { createEventRecorder } from '@coracle/client/events';
import { createInformers } from '@coracle/client/informer';
import { createClient } from '@coracle/client/rest';
import { createMemoryApi, type MemoryApi, testEnvironment } from '@coracle/client/testing';
import { expect } from 'chai';
import type { FargateProfile } from '../../cloud/resources.ts';
import { planAt } from '../../network/index.ts';
import type { MachineRecord } from '../machine.ts';
import { memoryStore } from '../testing/memory-store.ts';
import { createFargateScheduler } from './fargate-scheduler.ts';

function pod(name: string, spec: Partial<Pod['spec']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', labels: { 'eks.amazonaws.com/fargate-profile': 'fp' } },
    spec: { schedulerName: 'fargate-scheduler', containers: [{ name: 'c' }], ...spec },
    status: { phase: 'Pending' },
  };
}

describe('the Fargate scheduler', () => {
  const environment = testEnvironment();
  let api: MemoryApi;
  let stop: () => Promise<void>;
  let ended: string[];
  const store = memoryStore();

  beforeEach(async () => {
    api = createMemoryApi();
    ended = [];
    const client = createClient(api.transport, { clock: environment.clock });
    const informers = createInformers({ client, environment });
    const events = createEventRecorder({ client, environment }, { component: 'fargate-scheduler' });
    const runner = {
      isRunning: () => true,
      start: async () => {},
      stop: async () => {},
      async terminate(record: MachineRecord) {
        ended.push(record.name);
        await store.remove(record.name);
      },
    };
    const options = { network: planAt(0) };
    const scheduler = createFargateScheduler({ environment, client, informers, events, store, runner, options });
    api.put('fargateprofiles.cloud.coracle.dev', { metadata: { name: 'fp' } });
    await informers.start();
    scheduler.run();
    stop = async () => {
      await scheduler.stop();
      await events.stop();
      await informers.stop();
      for (const record of store.list()) await store.remove(record.name);
    };
  });
  afterEach(() => stop());

  const settle = () => environment.clock.advance(20);
  const pods = () => api.get<FargateProfile>('fargateprofiles.cloud.coracle.dev', 'fp')?.status?.pods;
  const read = (name: string) => api.get<Pod>('pods', name, 'shop');

  it('gives each pod a machine of its own, and ends it with the pod', async () => {
    api.put('pods', pod('a'));
    api.put('pods', pod('b'));
    await settle();
    const names = ['fargate-ip-10-0-0-4.us-east-1.compute.internal', 'fargate-ip-10-0-32-4.us-east-1.compute.internal'];
    expect([read('a')?.spec?.nodeName, read('b')?.spec?.nodeName]).to.deep.equal(names);
    expect(pods()).to.equal(2);
    api.remove('pods', 'a', 'shop');
    await settle();
    expect(ended).to.deep.equal([names[0]]);
    expect(pods()).to.equal(1);
  });

  it('makes a new machine for a pod that took the name of another', async () => {
    api.put('pods', pod('a'));
    await settle();
    const [first] = store.list();
    api.remove('pods', 'a', 'shop');
    api.put('pods', pod('a'));
    await settle();
    expect(ended).to.deep.equal([first?.name]);
    expect(store.list().map(({ id }) => id))
      .to.have.length(1)
      .and.not.include(first?.id);
  });

  it('says why it refuses a pod', async () => {
    api.put('pods', pod('a', { hostNetwork: true }));
    await settle();
    const [condition] = read('a')?.status?.conditions ?? [];
    expect(condition).to.include({ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' });
    expect(condition?.message).to.equal('Pod not supported on Fargate: fields not supported: HostNetwork');
    expect(store.list()).to.deep.equal([]);
  });

  it('leaves pods that are gated, bound, or somebody else’s', async () => {
    api.put('pods', pod('a', { schedulingGates: [{ name: 'wait' }] }));
    api.put('pods', pod('b', { nodeName: 'elsewhere' }));
    api.put('pods', pod('c', { schedulerName: 'default-scheduler' }));
    await settle();
    expect(store.list()).to.deep.equal([]);
  });

  it('deletes the pods of a profile that is deleted', async () => {
    api.put('pods', pod('a'));
    await settle();
    api.remove('fargateprofiles.cloud.coracle.dev', 'fp');
    await settle();
    expect(read('a')).to.equal(undefined);
    expect(store.list()).to.deep.equal([]);
  });
});
