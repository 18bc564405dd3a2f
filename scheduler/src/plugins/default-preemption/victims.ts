import { selectorOf } from '@coracle/apimachinery/selectors';
import type { PodDisruptionBudget } from '@coracle/apimachinery/types/policy-v1';
import type { NodeInfo } from '../../cache/node-info.ts';
import type { PodInfo } from '../../cache/pod-info.ts';
import { checkNodeWithNominated, Trial } from '../../cycle/check-node.ts';
import type { ActiveFilter } from '../../framework/plugin.ts';
import { type Status, unresolvable } from '../../framework/status.ts';
import type { Nominator } from '../../queue/nominator.ts';

/** A node and the pods that must go from it. */
export interface Candidate {
  readonly node: NodeInfo;
  /** The most important first; never empty. */
  readonly victims: readonly PodInfo[];
  /** How many of them go against a disruption budget. */
  readonly violations: number;
}

const name = 'DefaultPreemption';
const nobodyToPreempt = unresolvable(name, 'No preemption victims found for incoming pod');

/**
 * The fewest and least important pods that must go from the node so that `pod` fits. All less important ones are taken away;
 * where the pod fits then, as many as possible are put back, those first that a disruption budget protects.
 */
export function findVictims(
  pod: PodInfo,
  node: NodeInfo,
  filters: readonly ActiveFilter[],
  nominator: Nominator,
  budgets: readonly PodDisruptionBudget[],
): Candidate | Status {
  const potential = [...node.pods.values()].filter((other) => other.priority < pod.priority);
  if (potential.length === 0) return nobodyToPreempt;
  const trial = new Trial(filters, node.copy());
  for (const victim of potential) trial.remove(victim);
  const objection = () => checkNodeWithNominated(trial.filters, pod, trial.node, nominator);
  const status = objection();
  if (status) return status;

  const { violating, others } = splitByBudgets(potential.sort(byImportance), budgets);
  const victims: PodInfo[] = [];
  const mustGo = (victim: PodInfo): boolean => {
    trial.add(victim);
    if (!objection()) return false;
    trial.remove(victim);
    victims.push(victim);
    return true;
  };
  let violations = 0;
  for (const victim of violating) if (mustGo(victim)) violations++;
  for (const victim of others) mustGo(victim);
  return { node, victims: victims.sort(byImportance), violations };
}

/** The more important, then the one that runs longer, first. */
export function byImportance(one: PodInfo, other: PodInfo): number {
  return other.priority - one.priority || startOf(one) - startOf(other);
}

/** Milliseconds since 1970; a pod that has not started is younger than all. */
export function startOf({ pod }: PodInfo): number {
  const start = pod.status?.startTime;
  return start ? Date.parse(start) : Number.MAX_SAFE_INTEGER;
}

function splitByBudgets(pods: readonly PodInfo[], budgets: readonly PodDisruptionBudget[]) {
  const left = budgets.map((budget) => ({ budget, allowed: budget.status?.disruptionsAllowed ?? 0 }));
  const violating: PodInfo[] = [];
  const others: PodInfo[] = [];
  for (const pod of pods) {
    let isViolating = false;
    for (const entry of left) {
      if (!protects(entry.budget, pod)) continue;
      entry.allowed--;
      if (entry.allowed < 0) {
        isViolating = true;
        break;
      }
    }
    (isViolating ? violating : others).push(pod);
  }
  return { violating, others };
}

/** A pod that is being evicted already is paid for. */
function protects({ metadata, spec, status }: PodDisruptionBudget, pod: PodInfo): boolean {
  if (metadata?.namespace !== pod.namespace || status?.disruptedPods?.[pod.name] !== undefined) return false;
  try {
    const selector = selectorOf(spec?.selector);
    return !selector.empty && selector.matches(pod.labels);
  } catch {
    return false;
  }
}
