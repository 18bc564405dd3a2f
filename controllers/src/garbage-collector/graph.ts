import type { KubernetesObject, OwnerReference } from '@coracle/apimachinery/meta';
import { groupVersion, type ResourceRef } from '@coracle/apimachinery/schema';

export const foregroundFinalizer = 'foregroundDeletion';
export const orphanFinalizer = 'orphan';

/** Where an object is, as owner references say it plus the namespace. */
export interface Identity {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** An object, or (virtual) an owner that somebody names and nobody has seen yet. */
export interface GraphNode {
  identity: Identity;
  owners: readonly OwnerReference[];
  readonly dependents: Map<string, GraphNode>;
  virtual: boolean;
  beingDeleted: boolean;
  /** Waits, by its foreground finalizer, for the dependents that block it. */
  deletingDependents: boolean;
  orphaning: boolean;
}

/** What the graph wants done; the uids are of nodes in the graph. */
export interface GraphListener {
  /** The object may have lost its last owner, or may wait for nobody any more. */
  readonly attemptToDelete: (uid: string) => void;
  /** The object is being deleted and wants its dependents to live on. */
  readonly attemptToOrphan: (uid: string) => void;
  /** The dependent names an owner that lives in another namespace. */
  readonly ownerInOtherNamespace: (dependent: GraphNode, reference: OwnerReference) => void;
}

/** Who owns whom, by uid, kept up to date from the events of every deletable resource. */
export class OwnershipGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #listener: GraphListener;

  constructor(listener: GraphListener) {
    this.#listener = listener;
  }

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  get size(): number {
    return this.#nodes.size;
  }

  /** An object was added or changed. */
  observe(resource: ResourceRef, object: KubernetesObject): void {
    const { uid = '', name = '', namespace = '', ownerReferences = [], finalizers = [] } = object.metadata ?? {};
    const beingDeleted = object.metadata?.deletionTimestamp !== undefined;
    const known = this.#nodes.get(uid);
    const node = known ?? makeNode({ apiVersion: '', kind: '', namespace, name, uid }, false);
    const wasVirtual = node.virtual;
    if (!known || wasVirtual) {
      node.identity = { apiVersion: groupVersion(resource), kind: resource.kind, namespace, name, uid };
      node.virtual = false;
      this.#nodes.set(uid, node);
    }
    if (wasVirtual) for (const dependent of node.dependents.values()) this.#checkReference(dependent, node);
    this.#changeOwners(node, ownerReferences);
    node.beingDeleted = beingDeleted;
    this.#transition(node, beingDeleted, finalizers);
  }

  /** An object is gone. */
  remove(uid: string): void {
    const node = this.#nodes.get(uid);
    if (!node || node.virtual) return;
    this.#nodes.delete(uid);
    this.#unlink(node, node.owners);
    for (const reference of node.owners) {
      if (this.#nodes.get(reference.uid)?.deletingDependents) this.#listener.attemptToDelete(reference.uid);
    }
    if (node.dependents.size === 0) return;
    // Dependents still name it: it stays as a virtual node until they are gone or let go.
    const ghost: GraphNode = { ...makeNode(node.identity, true), dependents: node.dependents };
    this.#nodes.set(uid, ghost);
    for (const dependent of ghost.dependents.keys()) this.#listener.attemptToDelete(dependent);
  }

  #changeOwners(node: GraphNode, next: readonly OwnerReference[]): void {
    const before = new Map(node.owners.map((reference) => [reference.uid, reference]));
    const after = new Map(next.map((reference) => [reference.uid, reference]));
    const removed = node.owners.filter(({ uid }) => !after.has(uid));
    const added = next.filter(({ uid }) => !before.has(uid));
    const unblocked = [...before.values()].filter(
      ({ uid, blockOwnerDeletion }) => blockOwnerDeletion === true && after.get(uid)?.blockOwnerDeletion !== true,
    );
    node.owners = next;
    for (const { uid } of unblocked) if (this.#nodes.get(uid)?.deletingDependents) this.#listener.attemptToDelete(uid);
    this.#unlink(node, removed);
    for (const reference of added) this.#link(node, reference);
  }

  #link(node: GraphNode, reference: OwnerReference): void {
    const owner = this.#nodes.get(reference.uid);
    if (owner) {
      owner.dependents.set(node.identity.uid, node);
      if (!owner.virtual) this.#checkReference(node, owner);
      return;
    }
    const { apiVersion, kind, name, uid } = reference;
    const virtual = makeNode({ apiVersion, kind, name, uid, namespace: node.identity.namespace }, true);
    virtual.dependents.set(node.identity.uid, node);
    this.#nodes.set(uid, virtual);
    this.#listener.attemptToDelete(uid);
  }

  #unlink(node: GraphNode, references: readonly OwnerReference[]): void {
    for (const { uid } of references) {
      const owner = this.#nodes.get(uid);
      owner?.dependents.delete(node.identity.uid);
      if (owner?.virtual && owner.dependents.size === 0) this.#nodes.delete(uid);
    }
  }

  /** A reference that has the uid right and the rest wrong names nobody. */
  #checkReference(dependent: GraphNode, owner: GraphNode): void {
    const reference = dependent.owners.find(({ uid }) => uid === owner.identity.uid);
    if (!reference) return;
    const { apiVersion, kind, name, namespace } = owner.identity;
    const inOtherNamespace = namespace !== '' && namespace !== dependent.identity.namespace;
    if (inOtherNamespace) this.#listener.ownerInOtherNamespace(dependent, reference);
    const differs = reference.apiVersion !== apiVersion || reference.kind !== kind || reference.name !== name;
    if (inOtherNamespace || differs) this.#listener.attemptToDelete(dependent.identity.uid);
  }

  #transition(node: GraphNode, beingDeleted: boolean, finalizers: readonly string[]): void {
    const { uid } = node.identity;
    const orphaning = beingDeleted && finalizers.includes(orphanFinalizer);
    const deletingDependents = beingDeleted && finalizers.includes(foregroundFinalizer);
    if (orphaning && !node.orphaning) this.#listener.attemptToOrphan(uid);
    if (deletingDependents && !node.deletingDependents) {
      for (const dependent of node.dependents.keys()) this.#listener.attemptToDelete(dependent);
      this.#listener.attemptToDelete(uid);
    }
    node.orphaning = orphaning;
    node.deletingDependents = deletingDependents;
  }
}

function makeNode(identity: Identity, virtual: boolean): GraphNode {
  return {
    identity,
    virtual,
    owners: [],
    dependents: new Map(),
    beingDeleted: false,
    deletingDependents: false,
    orphaning: false,
  };
}

/** Dependents that hold up the foreground deletion of the node. */
export function blockingDependents(node: GraphNode): GraphNode[] {
  return [...node.dependents.values()].filter((dependent) =>
    dependent.owners.some(({ uid, blockOwnerDeletion }) => uid === node.identity.uid && blockOwnerDeletion === true),
  );
}
