import { Nodes } from '@coracle/apimachinery/resources';
import type { WorkQueue } from '@coracle/client/workqueue';
import { keyOf, type StartController } from '../runtime/index.ts';

const annotation = 'node.alpha.kubernetes.io/ttl';
/** Cluster sizes and the seconds that kubelets may then cache secrets and config maps; the ranges overlap on purpose. */
const steps = [
  { min: 0, max: 100, seconds: 0 },
  { min: 90, max: 500, seconds: 15 },
  { min: 450, max: 1000, seconds: 30 },
  { min: 900, max: 2000, seconds: 60 },
  { min: 1800, max: Number.POSITIVE_INFINITY, seconds: 300 },
] as const;

/** The step for a cluster of this size, coming from `current`: it moves only when the size leaves the step's range. */
export function nextStep(current: number, nodes: number): number {
  let step = current;
  while (nodes > (steps[step]?.max ?? 0) && step < steps.length - 1) step++;
  while (nodes < (steps[step]?.min ?? 0) && step > 0) step--;
  return step;
}

/** Annotates nodes with how long kubelets may cache what they read. */
export const startTtl: StartController = ({ client, informers, loop }) => {
  const nodes = informers.for(Nodes);
  let step = 0;
  let count = 0;
  const queue: WorkQueue = loop({ reconcile });
  const resize = (difference: number): void => {
    count += difference;
    const next = nextStep(step, count);
    if (next === step) return;
    step = next;
    for (const node of nodes.lister.list()) queue.add(keyOf(node));
  };
  nodes.addHandler({
    added(node) {
      resize(1);
      queue.add(keyOf(node));
    },
    updated: (node) => queue.add(keyOf(node)),
    deleted: () => resize(-1),
  });

  async function reconcile(name: string): Promise<void> {
    const wanted = String(steps[step]?.seconds ?? 0);
    const node = nodes.lister.get(name);
    if (!node || node.metadata?.annotations?.[annotation] === wanted) return;
    const body = { metadata: { annotations: { [annotation]: wanted } } };
    await client.patch(Nodes, { name }, { type: 'merge', body });
  }
};
