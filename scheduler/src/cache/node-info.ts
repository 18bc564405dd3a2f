import type { Node } from '@coracle/apimachinery/types/core-v1';
import { UsedPorts } from './host-ports.ts';
import type { PodInfo } from './pod-info.ts';
import { addResources, amountsOf, copyResources, noResources, type Resources, toResources } from './resources.ts';

const noLabels: Readonly<Record<string, string>> = {};

/** A node and the sums of the pods on it. Written by the cache, and by what-if copies; everybody else reads. */
export class NodeInfo {
  readonly name: string;
  node: Node = {};
  labels: Readonly<Record<string, string>> = noLabels;
  /** Pods may be known before their node is. */
  isPresent = false;
  allocatable: Resources = noResources();
  podsMax = 0;
  readonly pods = new Map<string, PodInfo>();
  requested: Resources = noResources();
  nonZeroMilliCpu = 0;
  nonZeroMemory = 0;
  /** Absent while no pod on the node takes a host port. */
  usedPorts: UsedPorts | undefined;

  constructor(name: string) {
    this.name = name;
  }

  setNode(node: Node): void {
    const allocatable = amountsOf(node.status?.allocatable);
    this.node = node;
    this.labels = node.metadata?.labels ?? noLabels;
    this.allocatable = toResources(allocatable);
    this.podsMax = allocatable.get('pods') ?? 0;
    this.isPresent = true;
  }

  /** Replaces the object where nothing of it that this class works out has changed. */
  replaceNode(node: Node): void {
    this.node = node;
    this.labels = node.metadata?.labels ?? noLabels;
  }

  clearNode(): void {
    this.node = {};
    this.labels = noLabels;
    this.allocatable = noResources();
    this.podsMax = 0;
    this.isPresent = false;
  }

  addPod(pod: PodInfo): void {
    this.pods.set(pod.uid, pod);
    this.#count(pod, 1);
    for (const port of pod.hostPorts) {
      this.usedPorts ??= new UsedPorts();
      this.usedPorts.add(port);
    }
  }

  removePod(pod: PodInfo): void {
    if (!this.pods.delete(pod.uid)) return;
    this.#count(pod, -1);
    for (const port of pod.hostPorts) this.usedPorts?.remove(port);
  }

  /** A copy to try things out on. */
  copy(): NodeInfo {
    const copy = new NodeInfo(this.name);
    copy.node = this.node;
    copy.labels = this.labels;
    copy.isPresent = this.isPresent;
    copy.allocatable = this.allocatable;
    copy.podsMax = this.podsMax;
    copy.requested = copyResources(this.requested);
    copy.nonZeroMilliCpu = this.nonZeroMilliCpu;
    copy.nonZeroMemory = this.nonZeroMemory;
    for (const pod of this.pods.values()) {
      copy.pods.set(pod.uid, pod);
      for (const port of pod.hostPorts) {
        copy.usedPorts ??= new UsedPorts();
        copy.usedPorts.add(port);
      }
    }
    return copy;
  }

  #count(pod: PodInfo, sign: 1 | -1): void {
    addResources(this.requested, pod.requests, sign);
    this.nonZeroMilliCpu += sign * pod.nonZeroMilliCpu;
    this.nonZeroMemory += sign * pod.nonZeroMemory;
  }
}
