import { isStatus } from '@coracle/apimachinery/errors';
import type { KubernetesObject, OwnerReference } from '@coracle/apimachinery/meta';
import { parseGroupVersion, type ResourceRef } from '@coracle/apimachinery/schema';
import type { Client, ObjectKey } from '@coracle/client/rest';
import type { Discovery } from '../runtime/index.ts';
import { ignoreNotFound } from '../shared/index.ts';
import { type ClassifiedOwner, decide } from './decide.ts';
import {
  blockingDependents,
  foregroundFinalizer,
  type GraphNode,
  type Identity,
  orphanFinalizer,
  type OwnershipGraph,
} from './graph.ts';

/** Owners found missing, remembered so that a thousand dependents ask once. */
const absentOwnersMax = 500;

export interface CollectorDependencies {
  readonly client: Client;
  readonly discovery: Discovery;
  readonly graph: OwnershipGraph;
  readonly attemptToDelete: (uid: string) => void;
}

/** Carries out what the graph asks for, always on the newest state of the objects. */
export class Collector {
  readonly #absent = new Set<string>();
  readonly #dependencies: CollectorDependencies;

  constructor(dependencies: CollectorDependencies) {
    this.#dependencies = dependencies;
  }

  /** Deletes the object when no owner of it is left, or lets go what it has waited for. */
  async attemptToDelete(uid: string): Promise<void> {
    const { client, graph } = this.#dependencies;
    const node = graph.get(uid);
    if (!node || (node.beingDeleted && !node.deletingDependents)) return;
    const resource = this.#resourceOf(node.identity);
    const latest = await this.#read(resource, node.identity);
    if (latest?.metadata?.uid !== uid) {
      this.#ownerIsAbsent(node);
      return;
    }
    if (node.deletingDependents) return this.#finishForeground(node, resource, latest);
    const owners = await this.#classify(node, latest.metadata?.ownerReferences ?? []);
    if (!owners) return;
    const decision = decide(latest, owners, [...node.dependents.values()]);
    if (decision.type === 'keep') return;
    if (decision.type === 'drop-owners') {
      const kept = (latest.metadata?.ownerReferences ?? []).filter(
        (reference) => !decision.uids.includes(reference.uid),
      );
      await patchMetadata(client, resource, latest, { ownerReferences: kept });
      return;
    }
    const { propagationPolicy, unblockOwners } = decision;
    let { resourceVersion } = latest.metadata ?? {};
    if (unblockOwners) {
      const ownerReferences = (latest.metadata?.ownerReferences ?? []).map((reference) => ({
        ...reference,
        blockOwnerDeletion: false,
      }));
      const patched = await patchMetadata(client, resource, latest, { ownerReferences });
      resourceVersion = patched.metadata?.resourceVersion;
    }
    const preconditions = resourceVersion ? { uid, resourceVersion } : { uid };
    await ignoreNotFound(client.delete(resource, keyOf(resource, node.identity), { propagationPolicy, preconditions }));
  }

  /** Removes the object from its dependents' owners, then the finalizer that has kept it. */
  async attemptToOrphan(uid: string): Promise<void> {
    const { client, graph } = this.#dependencies;
    const node = graph.get(uid);
    if (!node) return;
    await Promise.all([...node.dependents.values()].map((dependent) => this.#orphan(dependent, uid)));
    const resource = this.#resourceOf(node.identity);
    const latest = await this.#read(resource, node.identity);
    if (latest?.metadata?.uid === uid) await removeFinalizer(client, resource, latest, orphanFinalizer);
  }

  async #orphan(dependent: GraphNode, ownerUid: string): Promise<void> {
    const resource = this.#resourceOf(dependent.identity);
    const latest = await this.#read(resource, dependent.identity);
    if (latest?.metadata?.uid !== dependent.identity.uid) return;
    const references = latest.metadata?.ownerReferences ?? [];
    const kept = references.filter(({ uid }) => uid !== ownerUid);
    if (kept.length === references.length) return;
    await patchMetadata(this.#dependencies.client, resource, latest, { ownerReferences: kept });
  }

  async #finishForeground(node: GraphNode, resource: ResourceRef, latest: KubernetesObject): Promise<void> {
    const blocking = blockingDependents(node);
    if (blocking.length === 0) return removeFinalizer(this.#dependencies.client, resource, latest, foregroundFinalizer);
    for (const dependent of blocking) {
      if (!dependent.deletingDependents) this.#dependencies.attemptToDelete(dependent.identity.uid);
    }
  }

  /** Undefined where a cluster-wide object names a namespaced owner: nobody can say whether that exists. */
  async #classify(node: GraphNode, references: readonly OwnerReference[]): Promise<ClassifiedOwner[] | undefined> {
    const classified: ClassifiedOwner[] = [];
    for (const reference of references) {
      const resource = this.#resourceOf(reference);
      if (resource.namespaced && node.identity.namespace === '') return undefined;
      const identity: Identity = { ...reference, namespace: resource.namespaced ? node.identity.namespace : '' };
      classified.push({ reference, state: await this.#stateOf(resource, identity) });
    }
    return classified;
  }

  async #stateOf(resource: ResourceRef, identity: Identity): Promise<ClassifiedOwner['state']> {
    if (this.#absent.has(absentKey(identity))) return 'dangling';
    const owner = await this.#read(resource, identity);
    if (owner?.metadata?.uid !== identity.uid) {
      this.#remember(identity);
      return 'dangling';
    }
    const { deletionTimestamp, finalizers = [] } = owner.metadata;
    return deletionTimestamp !== undefined && finalizers.includes(foregroundFinalizer) ? 'waiting' : 'solid';
  }

  /** A node that has not been seen is not there either: those that name it may go. */
  #ownerIsAbsent(node: GraphNode): void {
    if (!node.virtual) return;
    this.#remember(node.identity);
    for (const dependent of node.dependents.keys()) this.#dependencies.attemptToDelete(dependent);
  }

  #remember(identity: Identity): void {
    this.#absent.add(absentKey(identity));
    if (this.#absent.size <= absentOwnersMax) return;
    const [oldest] = this.#absent;
    if (oldest !== undefined) this.#absent.delete(oldest);
  }

  #resourceOf({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): ResourceRef {
    const { group, version } = parseGroupVersion(apiVersion);
    const resource = this.#dependencies.discovery.byKind(group, kind, version);
    if (!resource) throw new Error(`no resource of kind ${kind} in ${apiVersion} is served`);
    return resource;
  }

  async #read(resource: ResourceRef, identity: Identity): Promise<KubernetesObject | undefined> {
    try {
      return await this.#dependencies.client.get(resource, keyOf(resource, identity));
    } catch (error) {
      if (isStatus(error, 'NotFound')) return undefined;
      throw error;
    }
  }
}

function absentKey({ apiVersion, kind, namespace, name, uid }: Identity): string {
  return `${apiVersion}/${kind}/${namespace}/${name}/${uid}`;
}

function keyOf(resource: ResourceRef, { namespace, name }: Identity): ObjectKey {
  return resource.namespaced ? { namespace, name } : { name };
}

async function removeFinalizer(
  client: Client,
  resource: ResourceRef,
  latest: KubernetesObject,
  finalizer: string,
): Promise<void> {
  const finalizers = latest.metadata?.finalizers ?? [];
  if (!finalizers.includes(finalizer)) return;
  await ignoreNotFound(
    patchMetadata(client, resource, latest, { finalizers: finalizers.filter((name) => name !== finalizer) }),
  );
}

/** A merge patch, which every resource takes, on exactly this version of the object. */
function patchMetadata(
  client: Client,
  resource: ResourceRef,
  latest: KubernetesObject,
  change: { ownerReferences?: OwnerReference[]; finalizers?: string[] },
): Promise<KubernetesObject> {
  const { uid, resourceVersion, name = '', namespace } = latest.metadata ?? {};
  const body = { metadata: { ...change, uid, resourceVersion } };
  return client.patch(resource, resource.namespaced ? { namespace, name } : { name }, { type: 'merge', body });
}
