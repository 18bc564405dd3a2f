import type { NodeInfo } from '../cache/node-info.ts';
import { type PodInfo, podInfo } from '../cache/pod-info.ts';
import type { Cluster } from '../framework/cluster.ts';
import { action } from '../framework/cluster-event.ts';
import type { ActiveFilter, Plugin, Reservation } from '../framework/plugin.ts';
import { type Diagnosis, fitMessage, type Status } from '../framework/status.ts';
import type { QueuedPod } from '../queue/queued-pod.ts';
import type { SchedulingQueue } from '../queue/scheduling-queue.ts';
import { Binder } from './bind.ts';
import { type Found, NodeFinder } from './find-nodes.ts';
import { NodePicker, type WeightedPlugin } from './pick-node.ts';
import { type Failure, reportFailure, reportNomination } from './report-failure.ts';

/** Who rejects pods while there is no node at all, and what brings them back. */
export const nodesNeeded: Plugin = { name: 'NodesNeeded', hints: [{ resource: 'Node', actions: action.add }] };

/**
 * What upstream's message ends with where a pod was rejected before any node was looked at: its DynamicResources plugin is
 * asked first what could be done, finds nothing of its own in the cycle's state, and nobody else is asked.
 */
const noPostFilter = 'not found';

/** Weight of a plugin that scores and has none of its own. */
const weights: Readonly<Record<string, number>> = {
  TaintToleration: 3,
  NodeAffinity: 2,
  PodTopologySpread: 2,
  InterPodAffinity: 2,
};

export function scoringWeight({ name }: Plugin): number {
  return weights[name] ?? 1;
}

/**
 * The way of one pod: filter → (preempt) → score → assume → reserve, in one go without giving up the thread, then pre-bind
 * and bind beside the cycles of other pods (schedule_one.go).
 */
export class Cycle {
  readonly #cluster: Cluster;
  readonly #queue: SchedulingQueue;
  readonly #postFilters: readonly Plugin[];
  readonly #finder: NodeFinder;
  readonly #picker: NodePicker;
  readonly #binder: Binder;
  readonly #stopping = new AbortController();
  readonly #bindings = new Set<Promise<void>>();

  constructor(cluster: Cluster, queue: SchedulingQueue, plugins: readonly Plugin[]) {
    this.#cluster = cluster;
    this.#queue = queue;
    this.#postFilters = plugins.filter((plugin) => plugin.postFilter);
    this.#finder = new NodeFinder(cluster, plugins);
    const weighted = plugins.map((plugin): WeightedPlugin => ({ plugin, weight: scoringWeight(plugin) }));
    this.#picker = new NodePicker(cluster.environment, weighted);
    this.#binder = new Binder(cluster);
  }

  scheduleOne(queued: QueuedPod): void {
    const { info } = queued;
    if (info.isTerminating) {
      const message = `skip schedule deleting pod: ${info.namespace}/${info.name}`;
      this.#cluster.recorder.event(info.pod, 'Warning', 'FailedScheduling', message);
      return;
    }
    if (this.#cluster.cache.nodeOf(info.uid)) return;
    try {
      this.#tryToPlace(queued);
    } catch (error) {
      this.#wentWrong(queued, error);
    }
  }

  /** Bindings that are under way are given up. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the scheduler is stopped'));
    await Promise.all(this.#bindings);
  }

  #tryToPlace(queued: QueuedPod): void {
    const { cache } = this.#cluster;
    if (cache.nodes.length === 0) {
      const message = 'no nodes available to schedule pods';
      return this.#noFit(queued, new Set([nodesNeeded.name]), { reason: 'Unschedulable', message, nominatedNode: '' });
    }
    const found = this.#finder.find(queued.info);
    if (found.nodes.length === 0) return this.#tryToMakeRoom(queued, found);
    const node = this.#picker.pick(queued.info, found.nodes);
    const reservations = this.#take(queued.info, node, found.filters);
    if ('code' in reservations) return this.#notReserved(queued, node, reservations);
    const binding = this.#bind(queued, node, reservations);
    this.#bindings.add(binding);
    void binding.finally(() => this.#bindings.delete(binding));
  }

  #tryToMakeRoom(queued: QueuedPod, found: Found): void {
    const diagnosis = found.diagnose();
    if (diagnosis.preFilter) {
      const message = fitMessage(diagnosis, noPostFilter);
      return this.#noFit(queued, diagnosis.rejectors, { reason: 'Unschedulable', message });
    }
    const { cache } = this.#cluster;
    const statusOf = (nodeName: string) => diagnosis.nodes.get(nodeName) ?? diagnosis.others;
    const hopeful = cache.nodes.filter((node) => statusOf(node.name)?.code === 'unschedulable');
    let message = '';
    let nominatedNode: string | undefined;
    for (const plugin of this.#postFilters) {
      const { filters } = found;
      const attempt = { pod: queued.info, filters, hopeful, nodesTotal: diagnosis.nodesTotal, statusOf };
      const result = plugin.postFilter?.(attempt);
      if (!result) continue;
      message = result.message;
      nominatedNode = result.nominatedNode;
    }
    const failure = { reason: 'Unschedulable', message: fitMessage(diagnosis, message), nominatedNode } as const;
    this.#noFit(queued, diagnosis.rejectors, failure);
  }

  /** Counts the pod on the node and takes what its filters need there; gives all of it back where one of them cannot. */
  #take(pod: PodInfo, node: NodeInfo, filters: readonly ActiveFilter[]): readonly Reservation[] | Status {
    const { cache, nominator } = this.#cluster;
    cache.assume(pod, node.name);
    nominator.remove(pod.uid);
    const reservations: Reservation[] = [];
    for (const { filter } of filters) {
      const outcome = filter.reserve?.(node);
      if (!outcome) continue;
      if ('code' in outcome) {
        this.#release(pod, reservations);
        return outcome;
      }
      reservations.push(outcome);
    }
    return reservations;
  }

  async #bind(queued: QueuedPod, node: NodeInfo, reservations: readonly Reservation[]): Promise<void> {
    try {
      if (reservations.some((reservation) => reservation.preBind))
        reportNomination(this.#cluster, queued.info.pod, node.name);
      await this.#binder.bind(queued.info, node, reservations, this.#stopping.signal);
    } catch (error) {
      this.#release(queued.info, reservations);
      if (this.#stopping.signal.aborted) return;
      const previous = queued.info.pod;
      this.#queue.moveFor({ resource: 'AssignedPod', actions: action.delete, previous }, queued.info.uid);
      this.#wentWrong(queued, error);
    }
  }

  #release(pod: PodInfo, reservations: readonly Reservation[]): void {
    for (const reservation of [...reservations].reverse()) reservation.release();
    this.#cluster.cache.forget(pod.uid);
  }

  #notReserved(queued: QueuedPod, node: NodeInfo, status: Status): void {
    const diagnosis: Diagnosis = {
      nodesTotal: 1,
      preFilter: undefined,
      nodes: new Map([[node.name, status]]),
      others: undefined,
      rejectors: new Set([status.plugin]),
    };
    const message = fitMessage(diagnosis, '');
    this.#noFit(queued, diagnosis.rejectors, { reason: 'Unschedulable', message, nominatedNode: '' });
  }

  #wentWrong(queued: QueuedPod, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#cluster.environment.log.debug('pod not scheduled', { pod: queued.info.key, error: message });
    const failure = { reason: 'SchedulerError', message, nominatedNode: '' } as const;
    if (this.#refresh(queued)) this.#conclude(queued, failure, () => this.#queue.backOff(queued));
  }

  #noFit(queued: QueuedPod, rejectors: ReadonlySet<string>, failure: Failure): void {
    if (this.#refresh(queued)) this.#conclude(queued, failure, () => this.#queue.park(queued, rejectors));
  }

  #conclude(queued: QueuedPod, failure: Failure, requeue: () => void): void {
    const { nominatedNode } = failure;
    if (nominatedNode !== undefined) this.#cluster.nominator.add(queued.info, nominatedNode);
    requeue();
    reportFailure(this.#cluster, queued.info.pod, failure);
  }

  /** Takes the newest state of the pod. False where it is gone, another one by now, or on a node. */
  #refresh(queued: QueuedPod): boolean {
    const { info } = queued;
    const current = this.#cluster.listers.pods.get(info.name, info.namespace);
    if (!current || current.metadata?.uid !== info.uid || current.spec?.nodeName) return false;
    if (current !== info.pod) queued.info = podInfo(current);
    return true;
  }
}
