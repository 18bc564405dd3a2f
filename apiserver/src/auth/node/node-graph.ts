import type { KubernetesObject } from '@coracle/apimachinery/meta';
import {
  PersistentVolumes,
  PodCertificateRequests,
  Pods,
  ResourceSlices,
  VolumeAttachments,
} from '@coracle/apimachinery/resources';
import type { PersistentVolume, Pod } from '@coracle/apimachinery/types/core-v1';
import type { GroupResource } from '@coracle/apimachinery/schema';
import type { VolumeAttachment } from '@coracle/apimachinery/types/storage-v1';
import { mirrorAnnotation } from '../../resources/shared/mirror-pod.ts';
import type { Readers } from '../../registry/readers.ts';
import { podReferences } from './pod-references.ts';

interface PlacedPod {
  readonly node: string;
  readonly references: ReadonlySet<string>;
}

/** Which nodes an object concerns: those of the pods that use it, directly or through a claim and its volume. */
export class NodeGraph {
  readonly #pods = new Map<string, PlacedPod>();
  /** By reference, how many pods of each node use it. */
  readonly #users = new Map<string, Map<string, number>>();
  /** By volume, its claim `namespace/name` and the Secrets its driver needs. */
  readonly #volumes = new Map<string, { readonly claim: string; readonly secrets: readonly string[] }>();
  /** By Secret `namespace/name`, the volumes that need it. */
  readonly #volumesOfSecret = new Map<string, Set<string>>();
  /** Objects that name their node themselves, as `kind:[namespace/]name`. */
  readonly #named = new Map<string, string>();
  readonly #loaded: Promise<void>;

  constructor(readers: Readers, signal: AbortSignal) {
    const named = (resource: GroupResource, kind: string, nodeOf: (object: KubernetesObject) => string | undefined) =>
      readers.follow(
        resource,
        ({ type, object }) => this.#setNamed(kind, object, type === 'set' ? nodeOf(object) : undefined),
        signal,
      );
    const specNode = (object: KubernetesObject) => (object as { spec?: { nodeName?: string } }).spec?.nodeName;
    this.#loaded = Promise.all([
      readers.follow<Pod>(Pods, ({ type, object }) => this.#setPod(object, type === 'removed'), signal),
      readers.follow<PersistentVolume>(
        PersistentVolumes,
        ({ type, object }) => this.#setVolume(object, type === 'removed'),
        signal,
      ),
      named(VolumeAttachments, 'volumeattachment', (object) => (object as VolumeAttachment).spec?.nodeName),
      named(ResourceSlices, 'resourceslice', specNode),
      named(PodCertificateRequests, 'podcertificaterequest', specNode),
    ]).then(() => undefined);
  }

  ready(): Promise<void> {
    return this.#loaded;
  }

  /** `key` is `namespace/name`, or the name alone for kinds of the cluster. */
  concerns(node: string, kind: string, key: string): boolean {
    switch (kind) {
      case 'pod':
        return this.#pods.get(key)?.node === node;
      case 'persistentvolume':
        return this.#usesClaimOf(node, key);
      case 'secret':
        if (this.#uses(node, `secret:${key}`)) return true;
        for (const volume of this.#volumesOfSecret.get(key) ?? []) if (this.#usesClaimOf(node, volume)) return true;
        return false;
      case 'volumeattachment':
      case 'resourceslice':
      case 'podcertificaterequest':
        return this.#named.get(`${kind}:${key}`) === node;
      default:
        return this.#uses(node, `${kind}:${key}`);
    }
  }

  #uses(node: string, reference: string): boolean {
    return this.#users.get(reference)?.has(node) ?? false;
  }

  #usesClaimOf(node: string, volume: string): boolean {
    const claim = this.#volumes.get(volume)?.claim;
    return claim !== undefined && this.#uses(node, `persistentvolumeclaim:${claim}`);
  }

  #setPod(pod: Pod, removed: boolean): void {
    const key = keyOf(pod);
    const before = this.#pods.get(key);
    const node = pod.spec?.nodeName;
    if (removed || !node) {
      if (before !== undefined) this.#forgetPod(key, before);
      return;
    }
    const references = isMirrorPod(pod) ? nothing : podReferences(pod);
    if (before?.node === node && sameSet(before.references, references)) return;
    if (before !== undefined) this.#forgetPod(key, before);
    this.#pods.set(key, { node, references });
    for (const reference of references) this.#count(reference, node, 1);
  }

  #forgetPod(key: string, { node, references }: PlacedPod): void {
    this.#pods.delete(key);
    for (const reference of references) this.#count(reference, node, -1);
  }

  #count(reference: string, node: string, change: number): void {
    const users = this.#users.get(reference) ?? new Map<string, number>();
    const count = (users.get(node) ?? 0) + change;
    if (count > 0) users.set(node, count);
    else users.delete(node);
    if (users.size > 0) this.#users.set(reference, users);
    else this.#users.delete(reference);
  }

  #setVolume(volume: PersistentVolume, removed: boolean): void {
    const name = volume.metadata?.name ?? '';
    for (const secret of this.#volumes.get(name)?.secrets ?? []) this.#volumesOfSecret.get(secret)?.delete(name);
    this.#volumes.delete(name);
    const { claimRef } = volume.spec ?? {};
    if (removed || !claimRef) return;
    const secrets = volumeSecrets(volume, claimRef.namespace ?? '');
    this.#volumes.set(name, { claim: `${claimRef.namespace}/${claimRef.name}`, secrets });
    for (const secret of secrets) {
      const volumes = this.#volumesOfSecret.get(secret) ?? new Set<string>();
      this.#volumesOfSecret.set(secret, volumes.add(name));
    }
  }

  #setNamed(kind: string, object: KubernetesObject, node: string | undefined): void {
    const key = `${kind}:${keyOf(object)}`;
    if (node) this.#named.set(key, node);
    else this.#named.delete(key);
  }
}

const nothing: ReadonlySet<string> = new Set();

/** A mirror pod was made by its node, and earns it nothing. */
function isMirrorPod({ metadata }: Pod): boolean {
  return metadata?.annotations?.[mirrorAnnotation] !== undefined;
}

/** Secrets that a volume's driver needs on the node, as `namespace/name`. */
function volumeSecrets({ spec = {} }: PersistentVolume, claimNamespace: string): string[] {
  const { azureFile, cephfs, csi, flexVolume, iscsi, rbd, scaleIO, storageos } = spec;
  const references = [
    azureFile && { name: azureFile.secretName, namespace: azureFile.secretNamespace },
    cephfs?.secretRef,
    csi?.controllerExpandSecretRef,
    csi?.nodePublishSecretRef,
    csi?.nodeStageSecretRef,
    csi?.nodeExpandSecretRef,
    flexVolume?.secretRef,
    iscsi?.secretRef,
    rbd?.secretRef,
    scaleIO?.secretRef,
    storageos?.secretRef,
  ];
  return references.flatMap((reference) => {
    return reference?.name ? [`${reference.namespace || claimNamespace}/${reference.name}`] : [];
  });
}

function keyOf({ metadata }: KubernetesObject): string {
  return metadata?.namespace ? `${metadata.namespace}/${metadata.name}` : (metadata?.name ?? '');
}

function sameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && a.isSubsetOf(b);
}
