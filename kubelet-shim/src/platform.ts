import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment, Running } from '@coracle/apimachinery/component';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { Client } from '@coracle/client/rest';
import { quantityValue } from '@coracle/apimachinery/quantity';
import { type EvictionDependencies, type NodePressure, startEvictionManager } from './eviction/index.ts';
import type { NodeAgentOptions } from './node/options.ts';
import type { Holder, References } from './node/references.ts';
import { startImageGarbageCollector } from './images/index.ts';
import { createPodCgroups, podsMemoryLimit } from './pods/cgroups.ts';
import { label } from './pods/observed.ts';
import { createPodFiles, noPodFiles } from './pods/pod-files.ts';
import type { PodConfigsDependencies } from './pods/pod-configs.ts';
import type { PodManager } from './pods/pod-manager.ts';
import type { PodEvents, PodImages, PodServices } from './pods/pod-services.ts';
import { terminationMessage } from './pods/termination-message.ts';
import { createContentProbes, createPodProbes } from './probes/index.ts';
import { startLogRotation } from './streaming/index.ts';
import { startNodeServer } from './server/index.ts';
import { createVolumeManager, noVolumes } from './volumes/index.ts';

/** What a pod stands on beside its containers: files, mounts, cgroups, probes, and the node's own surface. */
export interface PodPlatform
  extends Pick<PodServices, 'volumes' | 'probes' | 'cgroups' | 'files' | 'terminationMessage' | 'forget'>,
    Pick<PodConfigsDependencies, 'volumeMounts' | 'nodeHostsFile'> {
  /** The pod as a holder of ConfigMaps and Secrets. */
  readonly holder: (pod: Pod) => Holder;
  readonly serve: (manager: PodManager) => Promise<Running | undefined>;
  /** Work that goes on beside the pods. */
  readonly chores: (manager: PodManager) => readonly Running[];
}

export interface PodPlatformDependencies {
  readonly environment: Environment;
  readonly client: Client;
  readonly events: PodEvents;
  readonly references: References;
  readonly images: () => PodImages;
  readonly imagesNotFreed: (message: string) => void;
  readonly pressure: NodePressure;
  readonly nodeReclaims: EvictionDependencies['reclaiming'];
  readonly podEvicted: EvictionDependencies['evicted'];
  readonly options: NodeAgentOptions;
}

/** The real one, or the one of a hollow node, where nothing is written, mounted or asked. */
export function createPodPlatform(dependencies: PodPlatformDependencies): PodPlatform {
  const holders = createHolders(dependencies.references);
  return dependencies.options.runtime.kind === 'hollow' ? hollowPlatform(holders) : realPlatform(dependencies, holders);
}

interface Holders {
  of(pod: Pod): Holder;
  /** Who is told when an object that this pod holds has changed. */
  onChange(pod: Pod, callback: () => void): void;
  forget(uid: string): void;
}

function createHolders(references: References): Holders {
  const holders = new Map<string, Holder & { callbacks: Set<() => void> }>();
  const of = (pod: Pod) => {
    const { uid = '', namespace = '' } = pod.metadata ?? {};
    const callbacks = new Set<() => void>();
    const holder = holders.get(uid) ?? {
      namespace,
      callbacks,
      changed: () => {
        for (const callback of callbacks) callback();
      },
    };
    holders.set(uid, holder);
    return holder;
  };
  return {
    of,
    onChange: (pod, callback) => void of(pod).callbacks.add(callback),
    forget(uid) {
      const holder = holders.get(uid);
      if (holder) references.release(holder);
      holders.delete(uid);
    },
  };
}

function hollowPlatform(holders: Holders): PodPlatform {
  const probes = createContentProbes();
  return {
    holder: holders.of,
    forget: holders.forget,
    volumes: () => noVolumes,
    volumeMounts: async () => [],
    probes: () => probes,
    cgroups: { ensure: async () => '', remove: async () => {}, sweep: async () => {} },
    files: noPodFiles,
    nodeHostsFile: async () => '',
    terminationMessage: async ({ message }) => message,
    serve: async () => undefined,
    chores: () => [],
  };
}

function realPlatform(dependencies: PodPlatformDependencies, holders: Holders): PodPlatform {
  const { environment, events, options } = dependencies;
  const { runtime, rootDirectory, logsDirectory, cgroupParent, cgroup } = options;
  const manager = createVolumeManager({ ...dependencies, holder: holders.of, onChange: holders.onChange });
  return {
    holder: holders.of,
    forget: holders.forget,
    volumes: manager.of,
    volumeMounts: manager.containerMounts,
    probes: (pod, changed) => createPodProbes({ environment, runtime, events }, pod, changed),
    cgroups: createPodCgroups({ parent: cgroupParent, version: cgroup, memoryLimitBytes: podsMemoryLimit(options) }),
    files: createPodFiles({ rootDirectory, logsDirectory }, environment.random),
    nodeHostsFile: () => readFile('/etc/hosts', 'utf8').catch(() => ''),
    terminationMessage: (container) => {
      const { labels, name, attempt } = container;
      const folder = `${labels[label.podNamespace]}_${labels[label.podName]}_${labels[label.podUid]}`;
      return terminationMessage(container, join(logsDirectory, folder, name, `${attempt}.log`));
    },
    serve: async (pods) => options.serving && startNodeServer({ environment, runtime, pods, options }, options.serving),
    chores: (pods) => {
      const diskBytes = quantityValue(options.capacity['ephemeral-storage']);
      const { imagesNotFreed: failed, pressure, nodeReclaims, podEvicted } = dependencies;
      const images = startImageGarbageCollector({ environment, runtime, diskBytes, failed });
      const eviction = startEvictionManager({
        environment,
        runtime,
        pods,
        options,
        pressure,
        reclaimImages: () => images.deleteUnused(),
        reclaiming: nodeReclaims,
        evicted: podEvicted,
      });
      return [eviction, images, startLogRotation({ environment, runtime, pods, logsDirectory })];
    },
  };
}
