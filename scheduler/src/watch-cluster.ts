import { deepEqual } from '@coracle/apimachinery/json';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { Node, Pod } from '@coracle/apimachinery/types/core-v1';
import type { Informer } from '@coracle/client/informer';
import { podInfo } from './cache/pod-info.ts';
import { podRequests } from './cache/resources.ts';
import type { Cluster, Watched } from './framework/cluster.ts';
import { action, type EventResource } from './framework/cluster-event.ts';
import type { SchedulingQueue } from './queue/scheduling-queue.ts';

interface Sinks {
  readonly cluster: Cluster;
  readonly queue: SchedulingQueue;
  readonly schedulerName: string;
}

/** Leads what the informers see into the cache and the queue, and says which waiting pods it may help. */
export function watchCluster(watched: Watched, sinks: Sinks): void {
  watchNodes(watched.nodes, sinks);
  watchPods(watched.pods, sinks);
  watchNamespaces(watched, sinks);
  watchOther(watched.persistentVolumes, 'PersistentVolume', sinks.queue);
  watchOther(watched.persistentVolumeClaims, 'PersistentVolumeClaim', sinks.queue);
  watchOther(watched.storageClasses, 'StorageClass', sinks.queue);
  watchOther(watched.csiNodes, 'CSINode', sinks.queue);
  watchOther(watched.csiDrivers, 'CSIDriver', sinks.queue);
  watchOther(watched.csiStorageCapacities, 'CSIStorageCapacity', sinks.queue);
  watchOther(watched.volumeAttachments, 'VolumeAttachment', sinks.queue);
  const tell = () => sinks.cluster.volumeChanges.notify();
  watched.persistentVolumes.addHandler({ added: tell, updated: tell, deleted: tell });
  watched.persistentVolumeClaims.addHandler({ added: tell, updated: tell, deleted: tell });
  watched.pods.addHandler({ deleted: tell });
  watched.nodes.addHandler({ deleted: tell });
}

function watchPods(pods: Informer<Pod>, { cluster, queue, schedulerName }: Sinks): void {
  const { cache, nominator, environment } = cluster;
  const isOurs = ({ spec }: Pod) => spec?.schedulerName === schedulerName;

  const enqueue = (pod: Pod): void => {
    const info = parse(pod);
    if (!info) return;
    if (pod.status?.nominatedNodeName) nominator.add(info, pod.status.nominatedNodeName);
    queue.add(info);
  };
  const parse = (pod: Pod) => {
    try {
      return podInfo(pod);
    } catch (error) {
      environment.log.warn('pod cannot be scheduled', { pod: pod.metadata?.name, error: String(error) });
      return undefined;
    }
  };
  const settle = (pod: Pod): void => {
    const uid = pod.metadata?.uid ?? '';
    cache.putPod(pod);
    queue.delete(uid);
    nominator.remove(uid);
  };

  pods.addHandler({
    added(pod) {
      if (pod.spec?.nodeName) {
        settle(pod);
        queue.moveFor({ resource: 'AssignedPod', actions: action.add, current: pod });
      } else if (isOurs(pod)) {
        enqueue(pod);
      }
    },

    updated(pod, previous) {
      if (!pod.spec?.nodeName) {
        if (isOurs(pod) && !cache.isAssumed(pod.metadata?.uid ?? '')) waitingPodChanged(pod, previous);
      } else if (!previous.spec?.nodeName) {
        settle(pod);
        queue.moveFor({ resource: 'AssignedPod', actions: action.add, current: pod });
      } else {
        cache.putPod(pod);
        if (queue.hasParked) {
          queue.moveFor({ resource: 'AssignedPod', actions: podChanges(previous, pod), previous, current: pod });
        }
      }
    },

    deleted(pod) {
      const uid = pod.metadata?.uid ?? '';
      queue.delete(uid);
      const wasNominated = nominator.nodeOf(uid) !== undefined;
      nominator.remove(uid);
      const placed = cache.removePod(uid);
      if (placed || wasNominated) queue.moveFor({ resource: 'AssignedPod', actions: action.delete, previous: pod });
    },
  });

  const waitingPodChanged = (pod: Pod, previous: Pod): void => {
    const info = parse(pod);
    if (!info) return queue.delete(pod.metadata?.uid ?? '');
    const nominated = pod.status?.nominatedNodeName ?? '';
    const before = previous.status?.nominatedNodeName ?? '';
    if (nominated !== before) nominator.add(info, nominated);
    queue.update(info, { resource: 'TargetPod', actions: podChanges(previous, pod), previous, current: pod });
    if (before !== '' && nominated !== before) {
      queue.moveFor({ resource: 'AssignedPod', actions: action.delete, previous }, info.uid);
    }
  };
}

function watchNodes(nodes: Informer<Node>, { cluster, queue }: Sinks): void {
  const { cache } = cluster;
  nodes.addHandler({
    added(node) {
      cache.addNode(node);
      queue.moveFor({ resource: 'Node', actions: action.add, current: node });
    },
    updated(node, previous) {
      cache.updateNode(node);
      if (!queue.hasParked) return;
      const actions = nodeChanges(previous, node);
      if (actions !== 0) queue.moveFor({ resource: 'Node', actions, previous, current: node });
    },
    deleted(node) {
      cache.removeNode(node.metadata?.name ?? '');
      queue.moveFor({ resource: 'Node', actions: action.delete, previous: node });
    },
  });
}

function watchNamespaces({ namespaces }: Watched, { cluster, queue }: Sinks): void {
  const changed = () => {
    cluster.cache.counters.forgetNamespaceMatches();
    queue.moveFor({ resource: 'Namespace', actions: action.add | action.update });
  };
  namespaces.addHandler({
    added: changed,
    updated(namespace, previous) {
      if (!deepEqual(namespace.metadata?.labels, previous.metadata?.labels)) changed();
    },
  });
}

function watchOther<T extends KubernetesObject>(
  informer: Informer<T>,
  resource: EventResource,
  queue: SchedulingQueue,
): void {
  informer.addHandler({
    added: (current) => queue.moveFor({ resource, actions: action.add, current }),
    updated: (current, previous) => queue.moveFor({ resource, actions: action.update, previous, current }),
    deleted: (previous) => queue.moveFor({ resource, actions: action.delete, previous }),
  });
}

/** What of a node has changed that plugins look at (framework NodeSchedulingPropertiesChange). */
export function nodeChanges(previous: Node, current: Node): number {
  let actions = 0;
  const before = previous.spec ?? {};
  const now = current.spec ?? {};
  if (Boolean(before.unschedulable) !== Boolean(now.unschedulable)) actions |= action.updateNodeTaint;
  if (!deepEqual(before.taints, now.taints)) actions |= action.updateNodeTaint;
  if (!deepEqual(previous.status?.allocatable, current.status?.allocatable)) actions |= action.updateNodeAllocatable;
  if (!deepEqual(previous.metadata?.labels, current.metadata?.labels)) actions |= action.updateNodeLabel;
  if (!deepEqual(previous.metadata?.annotations, current.metadata?.annotations)) actions |= action.updateNodeAnnotation;
  if (!deepEqual(previous.status?.declaredFeatures, current.status?.declaredFeatures))
    actions |= action.updateNodeFeatures;
  return actions;
}

/** What of a pod has changed that plugins look at (framework PodSchedulingPropertiesChange). */
export function podChanges(previous: Pod, current: Pod): number {
  let actions = 0;
  if (!deepEqual(previous.metadata?.labels, current.metadata?.labels)) actions |= action.updatePodLabel;
  if ((previous.spec?.tolerations?.length ?? 0) !== (current.spec?.tolerations?.length ?? 0)) {
    actions |= action.updatePodToleration;
  }
  const gates = current.spec?.schedulingGates?.length ?? 0;
  if (gates === 0 && (previous.spec?.schedulingGates?.length ?? 0) > 0) actions |= action.updatePodGatesEliminated;
  if (asksForLess(previous, current)) actions |= action.updatePodScaleDown;
  return actions === 0 ? action.update : actions;
}

function asksForLess(previous: Pod, current: Pod): boolean {
  if (previous.metadata?.generation === current.metadata?.generation && previous.status === current.status)
    return false;
  const before = podRequests(previous).requests;
  const now = podRequests(current).requests;
  return now.milliCpu < before.milliCpu || now.memory < before.memory || now.ephemeralStorage < before.ephemeralStorage;
}
