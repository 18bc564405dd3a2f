import type { Node, Taint } from '@coracle/apimachinery/types/core-v1';
import type { Dice } from './dice.ts';

/** Two to six nodes that differ in labels, taints, size and images. */
export function randomNodes(the: Dice): readonly Node[] {
  return Array.from({ length: 2 + the.below(5) }, (_, index) => randomNode(`n${index}`, the));
}

function randomNode(name: string, the: Dice): Node {
  const { chance, pick } = the;
  const labels: Record<string, string> = { 'kubernetes.io/hostname': name };
  if (chance(0.85)) labels['topology.kubernetes.io/zone'] = pick('z1', 'z2', 'z3');
  if (chance(0.5)) labels.disk = pick('ssd', 'hdd');
  if (chance(0.3)) labels.rack = pick('1', '2', '10');
  const allocatable: Record<string, string> = {
    cpu: pick('2', '4', '8'),
    memory: pick('4Gi', '8Gi', '16Gi'),
    pods: pick('3', '110'),
    'ephemeral-storage': '10Gi',
  };
  if (chance(0.3)) allocatable['example.com/gpu'] = pick('1', '2');
  const images = chance(0.4) ? [{ names: ['registry.example/web:1'], sizeBytes: 400_000_000 }] : [];
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels },
    spec: { taints: randomTaints(the), ...(chance(0.12) ? { unschedulable: true } : {}) },
    status: { capacity: allocatable, allocatable, images },
  };
}

function randomTaints({ chance, pick }: Dice): Taint[] {
  const taints: Taint[] = [];
  if (chance(0.25)) {
    taints.push({ key: 'dedicated', value: pick('a', 'b'), effect: pick('NoSchedule', 'NoExecute') });
  }
  if (chance(0.3)) taints.push({ key: 'soft', value: 'x', effect: 'PreferNoSchedule' });
  return taints;
}
