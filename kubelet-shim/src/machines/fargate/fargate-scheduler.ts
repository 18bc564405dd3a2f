import type { Environment, Running } from '@coracle/apimachinery/component';
import { isStatus } from '@coracle/apimachinery/errors';
import { PersistentVolumeClaims, Pods } from '@coracle/apimachinery/resources';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { EventRecorder } from '@coracle/client/events';
import type { Informers } from '@coracle/client/informer';
import type { Client } from '@coracle/client/rest';
import { createWorkQueue } from '@coracle/client/workqueue';
import type { CloudOptions } from '../../cloud/options.ts';
import { FargateProfiles } from '../../cloud/resources.ts';
import { freeAddress, freeSlot, nodeName } from '../addresses.ts';
import { instanceId } from '../ec2/instance.ts';
import type { MachineRecord } from '../machine.ts';
import type { MachineStore } from '../machine-store.ts';
import { defaultRegion } from '../node-facts.ts';
import type { NodeRunner } from '../node-runner.ts';
import { fargateProfileLabel, fargateSchedulerName } from './profiles.ts';
import { refusalOf } from './refusal.ts';
import { capacityText, type FargateSize, sizeFor } from './sizes.ts';

export interface FargateParts {
  readonly environment: Environment;
  readonly client: Client;
  readonly informers: Informers;
  /** As `fargate-scheduler`. */
  readonly events: EventRecorder;
  readonly store: MachineStore;
  readonly runner: NodeRunner;
  readonly options: Pick<CloudOptions, 'region' | 'network' | 'fargateStartup'>;
}

export interface FargateScheduler extends Running {
  /** Starts working; the informers have synced by then. */
  run(): void;
  machineDied(record: MachineRecord): void;
}

/** Machines that are made or ended at the same time. */
const workers = 8;
/** What users report of the real thing: the pod's image is pulled after that. */
const realisticStartMs = { least: 30_000, most: 60_000 };

/** Gives every pod of the pool a machine of its own size, binds it there, and ends the machine with the pod. */
export function createFargateScheduler(parts: FargateParts): FargateScheduler {
  const { environment, client, informers, store, runner } = parts;
  const queue = createWorkQueue(environment, { backoffBaseMs: 200, backoffMaxMs: 30_000 });
  const pods = informers.for(Pods);
  const claims = informers.for(PersistentVolumeClaims);
  const profiles = informers.for(FargateProfiles);
  const stopping = new AbortController();
  let working: Promise<unknown> | undefined;

  const touch = (pod: Pod): void => {
    if (pod.spec?.schedulerName === fargateSchedulerName) queue.add(keyOf(pod));
  };
  pods.addHandler({ added: touch, updated: touch, deleted: touch });
  claims.addHandler({
    updated(claim) {
      for (const pod of pods.lister.list(claim.metadata?.namespace)) if (!pod.spec?.nodeName) touch(pod);
    },
  });
  // Deleting a profile ends its pods; what owns them makes new ones, which no profile claims.
  profiles.addHandler({
    added: ({ metadata }) => queue.add(profileKey(metadata.name ?? '')),
    deleted: ({ metadata }) => void endPodsOf(metadata.name ?? ''),
  });

  const endPodsOf = async (profile: string): Promise<void> => {
    for (const pod of pods.lister.list()) {
      if (pod.spec?.schedulerName !== fargateSchedulerName || profileOf(pod) !== profile) continue;
      await client
        .delete(Pods, { namespace: pod.metadata?.namespace, name: pod.metadata?.name ?? '' })
        .catch((error: unknown) => {
          if (!isStatus(error, 'NotFound'))
            environment.log.warn('pod of a deleted profile stays', { error: String(error) });
        });
    }
  };

  const machinesOf = (key: string) => store.list().flatMap((record) => (podKey(record) === key ? [record] : []));

  /** Pods that have a machine, as `kubectl get fargateprofiles` shows them. */
  const countPods = async (name: string): Promise<void> => {
    const profile = profiles.lister.get(name);
    const count = store.list().filter(({ pool }) => pool.kind === 'fargate' && pool.profile === name).length;
    if (profile === undefined || profile.status?.pods === count) return;
    const body = { status: { pods: count } };
    await client.patch(FargateProfiles, { name }, { type: 'merge', body }, { subresource: 'status' });
  };

  const reconcile = async (key: string): Promise<void> => {
    if (key.startsWith(profilePrefix)) return countPods(key.slice(profilePrefix.length));
    const [namespace = '', name = ''] = key.split('/');
    const pod = pods.lister.get(name, namespace);
    for (const record of machinesOf(key)) {
      if (record.pool.kind !== 'fargate' || record.pool.pod.uid === pod?.metadata?.uid) continue;
      await runner.terminate(record);
      queue.add(profileKey(record.pool.profile));
    }
    if (pod === undefined) return;
    const [existing] = machinesOf(key);
    if (existing === undefined && !waitsForMachine(pod)) return;
    const record = existing ?? (await newMachine(parts, pod, claims.lister));
    if (record === undefined) return;
    if (existing === undefined) queue.add(profileKey(profileOf(pod) ?? ''));
    await runner.start(record);
    if (!pod.spec?.nodeName) await bind(parts, pod, record);
  };

  const work = async (): Promise<void> => {
    for (let key = await queue.get(); key !== undefined; key = await queue.get()) {
      try {
        await reconcile(key);
        queue.forget(key);
      } catch (error) {
        if (stopping.signal.aborted) return;
        environment.log.warn('pod has no Fargate machine yet', { pod: key, error: String(error) });
        queue.addRateLimited(key);
      } finally {
        queue.done(key);
      }
    }
  };

  return {
    run() {
      for (const record of store.list()) if (record.pool.kind === 'fargate') queue.add(podKey(record));
      working = Promise.all(Array.from({ length: workers }, work));
    },
    machineDied(record) {
      void runner.terminate(record).catch((error: unknown) => {
        environment.log.warn('remains of a Fargate machine', { machine: record.name, error: String(error) });
      });
    },
    async stop() {
      stopping.abort(new Error('the cloud is being stopped'));
      queue.shutDown();
      await working;
    },
  };
}

/** No pod's key begins like this: names have no blanks. */
const profilePrefix = 'profile ';

function profileKey(name: string): string {
  return `${profilePrefix}${name}`;
}

function keyOf({ metadata }: Pod): string {
  return `${metadata?.namespace}/${metadata?.name}`;
}

/** Empty for machines of another pool. */
function podKey({ pool }: MachineRecord): string {
  return pool.kind === 'fargate' ? `${pool.pod.namespace}/${pool.pod.name}` : '';
}

function profileOf({ metadata }: Pod): string | undefined {
  return metadata?.labels?.[fargateProfileLabel];
}

function waitsForMachine({ metadata, spec, status }: Pod): boolean {
  if (metadata?.deletionTimestamp !== undefined || spec?.nodeName || (spec?.schedulingGates?.length ?? 0) > 0)
    return false;
  return status?.phase === undefined || status.phase === 'Pending';
}

/** The record of a machine for this pod, kept from now on; undefined where Fargate refuses the pod. */
async function newMachine(
  parts: FargateParts,
  pod: Pod,
  claims: { get(name: string, namespace?: string): { readonly status?: { readonly phase?: string } } | undefined },
): Promise<MachineRecord | undefined> {
  const { environment, store, options } = parts;
  const namespace = pod.metadata?.namespace ?? '';
  const size = sizeFor(pod);
  const refusal =
    refusalOf(pod, (claim) => claims.get(claim, namespace)?.status?.phase === 'Bound') ??
    (size === undefined ? "Your pod's cpu/memory requirements exceed the max Fargate configuration" : undefined);
  if (size === undefined || refusal !== undefined) {
    await refuse(parts, pod, refusal ?? '');
    return undefined;
  }
  if (options.fargateStartup === 'realistic') {
    const { least, most } = realisticStartMs;
    await environment.clock.sleep(least + environment.random.next() * (most - least));
  }
  const record = recordFor(parts, pod, size);
  store.reserve(record);
  await store.add(record);
  return record;
}

function recordFor({ environment, store, options }: FargateParts, pod: Pod, size: FargateSize): MachineRecord {
  const region = options.region ?? defaultRegion;
  const machines = store.list();
  const inPool = machines.filter(({ pool }) => pool.kind === 'fargate').length;
  const zone = `${region}${['a', 'b'][inPool % 2]}`;
  const address = freeAddress(options.network.vpc, zone, machines);
  const { namespace = '', name = '', uid = '' } = pod.metadata ?? {};
  return {
    name: nodeName('fargate-ip', address, region),
    id: instanceId(environment.random),
    slot: freeSlot(machines),
    zone,
    address,
    ...size,
    pool: { kind: 'fargate', profile: profileOf(pod) ?? '', pod: { namespace, name, uid } },
    createdAt: environment.clock.now(),
  };
}

/** As a scheduler says no: an event, and the pod's condition. */
async function refuse({ client, events, environment }: FargateParts, pod: Pod, message: string): Promise<void> {
  const known = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (known?.message === message) return;
  events.event(pod, 'Warning', 'FailedScheduling', message);
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    lastTransitionTime: `${new Date(environment.clock.now()).toISOString().slice(0, 19)}Z`,
  };
  const key = { namespace: pod.metadata?.namespace, name: pod.metadata?.name ?? '' };
  const body = { status: { conditions: [condition] } };
  try {
    await client.patch(Pods, key, { type: 'strategic', body }, { subresource: 'status' });
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error;
  }
}

/** The binding carries the annotation along. A pod that is gone or bound by now is looked at again when its event comes. */
async function bind({ client, events }: FargateParts, pod: Pod, record: MachineRecord): Promise<void> {
  const { namespace = '', name = '', uid = '' } = pod.metadata ?? {};
  const annotations = { CapacityProvisioned: capacityText(record) };
  const binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, namespace, uid, annotations },
    target: { apiVersion: 'v1', kind: 'Node', name: record.name },
  };
  try {
    await client.create(Pods, binding, { subresource: 'binding' });
  } catch (error) {
    if (isStatus(error, 'NotFound') || isStatus(error, 'Conflict')) return;
    throw error;
  }
  events.event(pod, 'Normal', 'Scheduled', `Successfully assigned ${namespace}/${name} to ${record.name}`);
}
