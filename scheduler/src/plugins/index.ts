import type { Cluster } from '../framework/cluster.ts';
import type { Plugin } from '../framework/plugin.ts';
import { defaultPreemption } from './default-preemption/default-preemption.ts';
import { imageLocality } from './image-locality/image-locality.ts';
import { interPodAffinity } from './inter-pod-affinity/inter-pod-affinity.ts';
import { nodeAffinity } from './node-affinity/node-affinity.ts';
import { nodeDeclaredFeatures } from './node-declared-features/node-declared-features.ts';
import { nodeName } from './node-name/node-name.ts';
import { nodePorts } from './node-ports/node-ports.ts';
import { balancedAllocation } from './node-resources/balanced-allocation.ts';
import { nodeResourcesFit } from './node-resources/fit.ts';
import { nodeUnschedulable } from './node-unschedulable/node-unschedulable.ts';
import { nodeVolumeLimits } from './node-volume-limits/node-volume-limits.ts';
import { podTopologySpread } from './pod-topology-spread/pod-topology-spread.ts';
import { schedulingGates } from './scheduling-gates/scheduling-gates.ts';
import { taintToleration } from './taint-toleration/taint-toleration.ts';
import { volumeBinding } from './volume-binding/volume-binding.ts';
import { volumeRestrictions } from './volume-restrictions/volume-restrictions.ts';
import { volumeZone } from './volume-zone/volume-zone.ts';

/**
 * The plugins in the order in which they are asked, upstream's default one (apis/config/v1/default_plugins.go): the first
 * that objects to a node gives the reason. PrioritySort is the queue's order, DefaultBinder is `cycle/bind.ts`.
 */
export function defaultPlugins(cluster: Cluster): readonly Plugin[] {
  return [
    schedulingGates(),
    nodeName(),
    nodeUnschedulable(),
    taintToleration(),
    nodeAffinity(),
    nodePorts(),
    nodeResourcesFit(),
    volumeRestrictions(cluster),
    nodeVolumeLimits(cluster),
    volumeBinding(cluster),
    volumeZone(cluster),
    podTopologySpread(cluster),
    interPodAffinity(cluster),
    defaultPreemption(cluster),
    balancedAllocation(),
    imageLocality(cluster),
    nodeDeclaredFeatures(),
  ];
}
