import { formatLabelSelector } from '@coracle/apimachinery/selectors';
import { PodDisruptionBudgets, Pods } from '@coracle/apimachinery/resources';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '@coracle/apimachinery/types/policy-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import { keyOf, objectKey, queueEach, queueSelf, type StartController, splitKey } from '../runtime/index.ts';
import {
  findCondition,
  formatTime,
  ignoreNotFound,
  isPodTerminal,
  isTerminating,
  matchesSelector,
  messageOf,
  parseTime,
  statusEqual,
} from '../shared/index.ts';
import { expectedScale } from './expected-scale.ts';
import { budgetStatus, failedStatus, needsScale } from './reconcile.ts';

/** A pod that was to be disrupted and still runs after this long is not going to be. */
const staleDisruptionMs = 2 * 60_000;

/** Counts how many pods of each budget are healthy and how many may be evicted; cleans up after evictions that did not happen. */
export const startDisruption: StartController = ({ client, informers, discovery, events, clock, loop }) => {
  const budgets = informers.for(PodDisruptionBudgets);
  const pods = informers.for(Pods);
  const scaleOf = expectedScale({ client, informers, discovery });
  const queue: WorkQueue = loop({ name: 'budgets', workers: 1, reconcile });
  const stalePods: WorkQueue = loop({ name: 'stale pods', workers: 1, reconcile: cleanUpPod });

  budgets.addHandler(queueSelf(queue));
  pods.addHandler(
    queueEach(queue, (pod: Pod) => {
      const { namespace, labels } = pod.metadata ?? {};
      return budgets.lister
        .list(namespace)
        .filter((budget) => matchesSelector(budget.spec?.selector, labels))
        .map(keyOf);
    }),
  );
  const lookForStale = (pod: Pod): void => {
    const wait = staleInMs(pod, clock.now());
    if (wait !== undefined) stalePods.addAfter(keyOf(pod), wait);
  };
  pods.addHandler({ added: lookForStale, updated: lookForStale });

  async function reconcile(key: string): Promise<void> {
    const { name, namespace } = splitKey(key);
    const budget = budgets.lister.get(name, namespace);
    if (!budget) return;
    try {
      await count(key, budget);
    } catch (error) {
      await writeStatus(budget, failedStatus(budget, messageOf(error), clock.now()));
      throw error;
    }
  }

  async function count(key: string, budget: PodDisruptionBudget): Promise<void> {
    const { namespace } = budget.metadata ?? {};
    const selected = pods.lister
      .list(namespace)
      .filter((pod) => matchesSelector(budget.spec?.selector, pod.metadata?.labels));
    if (selected.length === 0) events.event(budget, 'Normal', 'NoPods', 'No matching pods found');
    const outcome = budgetStatus(
      budget,
      selected,
      needsScale(budget) ? await scaleFor(budget, selected) : 0,
      clock.now(),
    );
    for (const pod of outcome.overdue) {
      const message = `Pod was expected by PDB ${namespace}/${namespace} to be deleted but it wasn't`;
      events.event(pod, 'Warning', 'NotDeleted', message);
    }
    await writeStatus(budget, outcome.status);
    if (outcome.recheckAfterMs !== undefined) queue.addAfter(key, outcome.recheckAfterMs);
  }

  async function scaleFor(budget: PodDisruptionBudget, selected: readonly Pod[]): Promise<number> {
    try {
      const { scale, unmanaged } = await scaleOf(selected);
      if (unmanaged.length > 0) {
        const message =
          `Pods selected by this PodDisruptionBudget (selector: ${formatLabelSelector(budget.spec?.selector)}) were found ` +
          'to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined ' +
          'behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.';
        events.event(budget, 'Warning', 'UnmanagedPods', message);
      }
      return scale;
    } catch (error) {
      const message = `Failed to calculate the number of expected pods: ${messageOf(error)}`;
      events.event(budget, 'Warning', 'CalculateExpectedPodCountFailed', message);
      throw error;
    }
  }

  async function writeStatus(budget: PodDisruptionBudget, status: PodDisruptionBudgetStatus): Promise<void> {
    if (budget.status?.observedGeneration === status.observedGeneration && statusEqual(budget.status, status)) return;
    await client.update(PodDisruptionBudgets, { ...budget, status }, { subresource: 'status' });
  }

  async function cleanUpPod(key: string): Promise<void> {
    const { name, namespace } = splitKey(key);
    const pod = pods.lister.get(name, namespace);
    const wait = pod ? staleInMs(pod, clock.now()) : undefined;
    if (!pod || wait === undefined) return;
    if (wait > 0) return stalePods.addAfter(key, wait);
    const condition = { type: 'DisruptionTarget', status: 'False', lastTransitionTime: formatTime(clock.now()) };
    const body = { metadata: { uid: pod.metadata?.uid }, status: { conditions: [condition] } };
    await ignoreNotFound(client.patch(Pods, objectKey(pod), { type: 'strategic', body }, { subresource: 'status' }));
  }
};

/** Milliseconds until the pod's disruption counts as called off; undefined when none was announced. */
function staleInMs(pod: Pod, nowMs: number): number | undefined {
  if (isTerminating(pod) || isPodTerminal(pod)) return undefined;
  const condition = findCondition(pod.status?.conditions, 'DisruptionTarget');
  if (condition?.status !== 'True' || condition.reason === 'TerminationByKubelet') return undefined;
  return Math.max(0, (parseTime(condition.lastTransitionTime) ?? 0) + staleDisruptionMs - nowMs);
}
