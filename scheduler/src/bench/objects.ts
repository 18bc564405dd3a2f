import type { Node, Pod } from '@coracle/apimachinery/types/core-v1';

/** A node of 32 CPUs in one of three zones. */
export function benchNode(index: number): Node {
  const name = `node-${index}`;
  const labels = {
    'kubernetes.io/hostname': name,
    'topology.kubernetes.io/zone': `zone-${index % 3}`,
    'topology.kubernetes.io/region': 'region',
  };
  const allocatable = { cpu: '32', memory: '128Gi', pods: '110', 'ephemeral-storage': '100Gi' };
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec: {}, status: { allocatable } };
}

export type Kind = 'plain' | 'spread' | 'anti-affinity' | 'preemption';

/** A pod that asks for a little and, by its kind, to be spread over zones or to be alone on its node. */
export function benchPod(index: number, kind: Kind): Pod {
  const labels = { app: kind };
  const requests = kind === 'preemption' ? { cpu: '8' } : { cpu: '100m', memory: '200Mi' };
  const container = { name: 'main', image: 'example', resources: { requests } };
  const selector = { matchLabels: labels };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${kind}-${index}`, namespace: 'default', labels, generation: 1 },
    spec: {
      schedulerName: 'default-scheduler',
      containers: [container],
      ...(kind === 'preemption' ? { priority: 1000 } : {}),
      ...(kind === 'spread'
        ? {
            topologySpreadConstraints: [
              {
                topologyKey: 'topology.kubernetes.io/zone',
                maxSkew: 1,
                whenUnsatisfiable: 'DoNotSchedule',
                labelSelector: selector,
              },
            ],
          }
        : {}),
      ...(kind === 'anti-affinity'
        ? {
            affinity: {
              podAntiAffinity: {
                requiredDuringSchedulingIgnoredDuringExecution: [
                  { topologyKey: 'kubernetes.io/hostname', labelSelector: selector },
                ],
              },
            },
          }
        : {}),
    },
    status: { phase: 'Pending' },
  };
}

/** One of `total` pods that together fill a node. */
export function fillerPod(nodeIndex: number, index: number, total: number): Pod {
  const pod = benchPod(nodeIndex * total + index, 'plain');
  const container = { name: 'main', image: 'example', resources: { requests: { cpu: String(32 / total) } } };
  return {
    ...pod,
    metadata: { ...pod.metadata, name: `filler-${nodeIndex}-${index}` },
    spec: { ...pod.spec, containers: [container], nodeName: `node-${nodeIndex}` },
  };
}
