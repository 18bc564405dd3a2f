import * as resources from '@coracle/apimachinery/resources';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { ResourceRef } from '@coracle/apimachinery/schema';
import type { Event, Pod } from '@coracle/apimachinery/types/core-v1';
import type { Client } from '@coracle/client/rest';
import type { Listers } from '../../framework/cluster.ts';
import type { RandomVolumes } from './random-volumes.ts';

const namespace = 'default';
const pollMs = 20;
const pollsMax = 150;

/** What upstream's scheduler did with a pod: bound or nominated it to a node, or said why not. */
export type Verdict = { readonly node: string } | { readonly message: string };

const watched: Partial<Record<keyof Listers, ResourceRef<KubernetesObject>>> = {
  services: resources.Services,
  persistentVolumes: resources.PersistentVolumes,
  persistentVolumeClaims: resources.PersistentVolumeClaims,
  storageClasses: resources.StorageClasses,
  csiNodes: resources.CSINodes,
  csiDrivers: resources.CSIDrivers,
  csiStorageCapacities: resources.CSIStorageCapacities,
};

/** An API server with upstream's scheduler beside it, used for one scenario after the other. */
export class ReferenceCluster {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async addPriorityClasses(values: Readonly<Record<string, number>>): Promise<void> {
    for (const [name, value] of Object.entries(values)) {
      await this.#client
        .create(resources.PriorityClasses, { metadata: { name }, value } as KubernetesObject)
        .catch(() => {});
    }
  }

  async clear(): Promise<void> {
    for (const { metadata } of (await this.#client.list(resources.Pods, { namespace })).items) {
      const key = { namespace, name: metadata?.name ?? '' };
      await this.#client.delete(resources.Pods, key, { gracePeriodSeconds: 0 }).catch(() => {});
    }
    await this.#client.deleteCollection(resources.Nodes, {});
    await this.#client.deleteCollection(resources.Events, { namespace });
    for (const resource of Object.values(watched)) await this.#clear(resource);
  }

  async #clear(resource: ResourceRef<KubernetesObject>): Promise<void> {
    for (const { metadata } of (await this.#client.list(resource)).items) {
      const key = { namespace: metadata?.namespace, name: metadata?.name ?? '' };
      if (key.name === 'kubernetes') continue;
      await this.#client.delete(resource, key);
      if (!metadata?.finalizers?.length) continue;
      const body = { metadata: { finalizers: null } };
      await this.#client.patch(resource, key, { type: 'merge', body }).catch(() => {});
    }
  }

  async create<T extends KubernetesObject>(resource: ResourceRef<T>, objects: readonly T[]): Promise<readonly T[]> {
    const made: T[] = [];
    for (const object of objects) made.push(await this.#client.create(resource, object));
    return made;
  }

  async createVolumes(wanted: RandomVolumes): Promise<void> {
    await this.create(resources.StorageClasses, wanted.storageClasses);
    await this.create(resources.CSIDrivers, wanted.drivers);
    await this.create(resources.CSIStorageCapacities, wanted.capacities);
    await this.create(resources.CSINodes, wanted.csiNodes);
    await this.create(resources.PersistentVolumeClaims, wanted.claims);
    for (const volume of wanted.volumes) {
      const made = await this.#client.create(resources.PersistentVolumes, volume);
      const status = volume.status ?? {};
      if (status.phase)
        await this.#client.update(resources.PersistentVolumes, { ...made, status }, { subresource: 'status' });
    }
  }

  /** What a scheduler sees. */
  async state() {
    const nodes = (await this.#client.list(resources.Nodes)).items;
    const pods = (await this.#client.list(resources.Pods, { namespace })).items;
    const others = new Map<keyof Listers, readonly KubernetesObject[]>();
    for (const [name, resource] of Object.entries(watched)) {
      others.set(name as keyof Listers, (await this.#client.list(resource)).items);
    }
    return { nodes, pods, others };
  }

  async verdict(name: string): Promise<Verdict> {
    for (let poll = 0; poll < pollsMax; poll++) {
      await pause(pollMs);
      const pod: Pod = await this.#client.get(resources.Pods, { namespace, name });
      const message = await this.#firstFailure(name);
      if (message !== undefined) return { message };
      const node = pod.spec?.nodeName ?? pod.status?.nominatedNodeName;
      if (node) return { node };
    }
    throw new Error(`upstream's scheduler has not looked at ${name}: is it running?`);
  }

  async #firstFailure(name: string): Promise<string | undefined> {
    const { items } = await this.#client.list(resources.Events, { namespace });
    const failures = items.filter(
      (event: Event) => event.involvedObject.name === name && event.reason === 'FailedScheduling',
    );
    failures.sort((one, other) => String(one.eventTime).localeCompare(String(other.eventTime)));
    return failures[0]?.message;
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
