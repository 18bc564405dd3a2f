import type { NodeInfo } from '../../cache/node-info.ts';
import type { PodInfo } from '../../cache/pod-info.ts';
import type { Cluster } from '../../framework/cluster.ts';
import type { FailedAttempt, Plugin, PostFilterResult } from '../../framework/plugin.ts';
import { fitMessage, type Status, unresolvable } from '../../framework/status.ts';
import { chooseCandidate } from './choose-candidate.ts';
import { evict, releaseNominations } from './evict.ts';
import { type Candidate, findVictims } from './victims.ts';

const name = 'DefaultPreemption';
/** How many nodes are tried out: a tenth of those in question, at least a hundred. */
const candidatesShare = 0.1;
const candidatesMin = 100;

const evicting = unresolvable(name, 'waiting for the preemption for this pod to be finished');
const notHelpful = unresolvable(name, 'Preemption is not helpful for scheduling');

/** Makes room for a pod that fits nowhere by deleting less important ones, where that helps and does the least harm. */
export function defaultPreemption(cluster: Cluster): Plugin {
  /** Pods whose victims are being deleted: trying them before that is done would only find the same. */
  const underWay = new Set<string>();

  const preempt = (pod: PodInfo, candidate: Candidate): void => {
    underWay.add(pod.uid);
    const { node, victims } = candidate;
    const work = releaseNominations(cluster, pod, node.name)
      .catch((error: unknown) => cluster.environment.log.debug('nomination not released', { error: String(error) }))
      .then(() => evict(cluster, pod, candidate));
    work.then(
      () => {
        underWay.delete(pod.uid);
        // Deletions that were heard of while the pod was kept back will not be heard of again.
        if (victims.some((victim) => !node.pods.has(victim.uid))) cluster.activate([pod.key]);
      },
      (error: unknown) => {
        underWay.delete(pod.uid);
        cluster.environment.log.debug('preemption failed', { pod: pod.key, error: String(error) });
        cluster.activate([pod.key]);
      },
    );
  };

  return {
    name,
    preEnqueue: ({ uid }) => (underWay.has(uid) ? evicting : undefined),

    postFilter(attempt) {
      const objection = whyNotEligible(cluster, attempt);
      if (objection) return { message: `preemption: ${objection}` };
      const statuses = new Map<string, Status>();
      const best = chooseCandidate(candidatesFor(cluster, attempt, statuses));
      if (!best) return nothingHelps(attempt, statuses);
      preempt(attempt.pod, best);
      const victims = best.victims.length;
      const message = `found a potential placement for pod on node ${best.node.name}, preempting ${victims} victims`;
      return { message: `preemption: ${message}`, nominatedNode: best.node.name };
    },
  };
}

function whyNotEligible({ cache, nominator }: Cluster, { pod, statusOf }: FailedAttempt): string | undefined {
  if (pod.pod.spec?.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  const nominated = nominator.nodeOf(pod.uid) ?? pod.pod.status?.nominatedNodeName;
  if (!nominated || statusOf(nominated)?.code === 'unresolvable') return undefined;
  const node = cache.node(nominated);
  const isLeaving = [...(node?.pods.values() ?? [])].some(
    (other) => other.priority < pod.priority && isTerminatingByPreemption(other),
  );
  return isLeaving ? 'not eligible due to a terminating pod on the nominated node.' : undefined;
}

function isTerminatingByPreemption({ isTerminating, pod }: PodInfo): boolean {
  return (
    isTerminating &&
    pod.status?.conditions?.some(
      ({ type, status, reason }) =>
        type === 'DisruptionTarget' && status === 'True' && reason === 'PreemptionByScheduler',
    ) === true
  );
}

function candidatesFor(cluster: Cluster, attempt: FailedAttempt, statuses: Map<string, Status>): readonly Candidate[] {
  const { pod, filters, hopeful } = attempt;
  if (hopeful.length === 0) return [];
  const budgets = cluster.listers.disruptionBudgets.list();
  const wanted = Math.min(hopeful.length, Math.max(candidatesMin, Math.trunc(hopeful.length * candidatesShare)));
  const start = Math.floor(cluster.environment.random.next() * hopeful.length);
  const candidates: Candidate[] = [];
  let hasHarmless = false;
  for (let at = 0; at < hopeful.length; at++) {
    if (hasHarmless && candidates.length >= wanted) break;
    const node = hopeful[(start + at) % hopeful.length] as NodeInfo;
    const outcome = findVictims(pod, node, filters, cluster.nominator, budgets);
    if ('code' in outcome) statuses.set(node.name, outcome);
    else if (outcome.victims.length > 0) {
      candidates.push(outcome);
      hasHarmless ||= outcome.violations === 0;
    }
  }
  return candidates;
}

function nothingHelps({ nodesTotal }: FailedAttempt, nodes: Map<string, Status>): PostFilterResult {
  const diagnosis = { nodesTotal, preFilter: undefined, nodes, others: notHelpful, rejectors: new Set<string>() };
  return { message: `preemption: ${fitMessage(diagnosis, '')}`, nominatedNode: '' };
}
