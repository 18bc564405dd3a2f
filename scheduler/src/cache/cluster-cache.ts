import type { Node, Pod } from '@coracle/apimachinery/types/core-v1';
import type { NamespaceLabels } from './affinity-term.ts';
import { Images } from './images.ts';
import { NodeInfo } from './node-info.ts';
import { inZoneOrder, isSamePlace } from './node-order.ts';
import { PodCounters } from './pod-counter.ts';
import { isSameInfo, type PodInfo, podInfo } from './pod-info.ts';
import { TermIndex } from './term-index.ts';
import { Topologies } from './topologies.ts';

interface Placed {
  info: PodInfo;
  readonly node: NodeInfo;
  /** Put there by this scheduler; the API server has not told of it yet. */
  isAssumed: boolean;
}

/** Weight of an existing pod's required affinity when pods are scored (InterPodAffinityArgs.hardPodAffinityWeight). */
const hardAffinityWeight = 1;

/**
 * Nodes and the pods on them, those included that are only assumed to be there because their binding is under way.
 *
 * A scheduling cycle runs from its first look at the cache to its assumption without giving up the thread, so the cache is
 * its snapshot: nothing is copied, and every index here costs as much as what changes.
 */
export class ClusterCache {
  readonly #nodes = new Map<string, NodeInfo>();
  readonly #pods = new Map<string, Placed>();
  #ordered: NodeInfo[] | undefined;
  readonly counters = new PodCounters(() => this.#nodes.values());
  readonly topologies = new Topologies(() => this.nodes);
  readonly images = new Images();
  /** Required anti-affinity of pods on nodes. */
  readonly repelling = new TermIndex();
  /** What pods on nodes prefer, and what they require of affinity, as weights. */
  readonly preferring = new TermIndex();
  readonly namespaceLabels: NamespaceLabels;
  /** `namespace/name` of a claim → how many pods on nodes use it. */
  readonly #claimUsers = new Map<string, number>();

  constructor(dependencies: { readonly namespaceLabels: NamespaceLabels }) {
    this.namespaceLabels = dependencies.namespaceLabels;
  }

  /** Nodes that exist, one of each zone in turn. */
  get nodes(): readonly NodeInfo[] {
    this.#ordered ??= inZoneOrder([...this.#nodes.values()].filter((node) => node.isPresent));
    return this.#ordered;
  }

  node(name: string): NodeInfo | undefined {
    const node = this.#nodes.get(name);
    return node?.isPresent ? node : undefined;
  }

  addNode(object: Node): void {
    const node = this.#nodeFor(object.metadata?.name ?? '');
    if (node.isPresent) return this.updateNode(object);
    this.#index(node, -1);
    node.setNode(object);
    this.#ordered = undefined;
    this.#index(node, 1);
    this.topologies.change(node, 1);
    this.images.add(node.name, object);
  }

  updateNode(object: Node): void {
    const node = this.#nodeFor(object.metadata?.name ?? '');
    if (!node.isPresent) return this.addNode(object);
    if (node.node.status?.images !== object.status?.images) {
      this.images.remove(node.name, node.node);
      this.images.add(node.name, object);
    }
    if (sameLabels(node.labels, object.metadata?.labels ?? {})) {
      node.setNode(object);
      return;
    }
    if (!isSamePlace(node.labels, object.metadata?.labels ?? {})) this.#ordered = undefined;
    this.#index(node, -1);
    this.topologies.change(node, -1);
    node.setNode(object);
    this.topologies.change(node, 1);
    this.#index(node, 1);
  }

  removeNode(name: string): void {
    const node = this.#nodes.get(name);
    if (!node?.isPresent) return;
    this.images.remove(name, node.node);
    this.topologies.change(node, -1);
    this.#index(node, -1);
    node.clearNode();
    this.#index(node, 1);
    this.#ordered = undefined;
    this.#dropIfEmpty(node);
  }

  /** A pod that the API server says is on a node; confirms one that was assumed to be. Returns what is known of it. */
  putPod(pod: Pod): PodInfo {
    const placed = this.#pods.get(pod.metadata?.uid ?? '');
    const nodeName = pod.spec?.nodeName ?? '';
    if (placed?.node.name === nodeName && isSameInfo(placed.info.pod, pod)) {
      placed.info.pod = pod;
      placed.isAssumed = false;
      return placed.info;
    }
    if (placed) this.#take(placed);
    const info = podInfo(pod);
    this.#place(info, nodeName, false);
    return info;
  }

  removePod(uid: string): PodInfo | undefined {
    const placed = this.#pods.get(uid);
    if (placed) this.#take(placed);
    return placed?.info;
  }

  /** Counts the pod on the node before the API server knows of it. */
  assume(info: PodInfo, nodeName: string): void {
    if (this.#pods.has(info.uid)) throw new Error(`pod ${info.key} is on a node already`);
    this.#place(info, nodeName, true);
  }

  /** Takes an assumption back; a pod that was confirmed meanwhile stays. */
  forget(uid: string): void {
    const placed = this.#pods.get(uid);
    if (placed?.isAssumed) this.#take(placed);
  }

  isAssumed(uid: string): boolean {
    return this.#pods.get(uid)?.isAssumed === true;
  }

  /** A pod on a node uses the claim; `key` is `namespace/name`. */
  isClaimInUse(key: string): boolean {
    return this.#claimUsers.has(key);
  }

  /** The node a pod is on or assumed to be on. */
  nodeOf(uid: string): NodeInfo | undefined {
    return this.#pods.get(uid)?.node;
  }

  #nodeFor(name: string): NodeInfo {
    let node = this.#nodes.get(name);
    if (!node) {
      node = new NodeInfo(name);
      this.#nodes.set(name, node);
    }
    return node;
  }

  #place(info: PodInfo, nodeName: string, isAssumed: boolean): void {
    const node = this.#nodeFor(nodeName);
    node.addPod(info);
    this.#pods.set(info.uid, { info, node, isAssumed });
    this.counters.change(node, info, 1);
    this.#indexTerms(node, info, 1);
    this.#countClaims(info, 1);
  }

  #take({ info, node }: Placed): void {
    node.removePod(info);
    this.#pods.delete(info.uid);
    this.counters.change(node, info, -1);
    this.#indexTerms(node, info, -1);
    this.#countClaims(info, -1);
    this.#dropIfEmpty(node);
  }

  #countClaims({ pod, namespace }: PodInfo, sign: 1 | -1): void {
    for (const { persistentVolumeClaim } of pod.spec?.volumes ?? []) {
      if (!persistentVolumeClaim) continue;
      const key = `${namespace}/${persistentVolumeClaim.claimName}`;
      const users = (this.#claimUsers.get(key) ?? 0) + sign;
      if (users === 0) this.#claimUsers.delete(key);
      else this.#claimUsers.set(key, users);
    }
  }

  #dropIfEmpty(node: NodeInfo): void {
    if (!node.isPresent && node.pods.size === 0) this.#nodes.delete(node.name);
  }

  /** Takes a node's pods out of the domains of its labels, or puts them in. */
  #index(node: NodeInfo, sign: 1 | -1): void {
    this.counters.moveNode(node, sign);
    for (const info of node.pods.values()) this.#indexTerms(node, info, sign);
  }

  #indexTerms(node: NodeInfo, info: PodInfo, sign: 1 | -1): void {
    for (const term of info.requiredAntiAffinity) this.repelling.add(term, node, 1, sign);
    for (const term of info.requiredAffinity) this.preferring.add(term, node, hardAffinityWeight, sign);
    for (const { term, weight } of info.preferredAffinity) this.preferring.add(term, node, weight, sign);
    for (const { term, weight } of info.preferredAntiAffinity) this.preferring.add(term, node, -weight, sign);
  }
}

function sameLabels(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  if (one === other) return true;
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}
