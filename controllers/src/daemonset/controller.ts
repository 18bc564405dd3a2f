import { isStatus } from '@coracle/apimachinery/errors';
import { ControllerRevisions, DaemonSets, Nodes, Pods } from '@coracle/apimachinery/resources';
import type { ControllerRevision, DaemonSet } from '@coracle/apimachinery/types/apps-v1';
import type { Node, Pod } from '@coracle/apimachinery/types/core-v1';
import { KeyedBackoff, type WorkQueue } from '@coracle/client/workqueue';
import { keyOf, objectKey, queueSelf, type StartController, splitKey } from '../runtime/index.ts';
import {
  byRevision,
  childHandler,
  childrenAndOrphans,
  claimObjects,
  createPodControl,
  deepEqual,
  ensureRevision,
  Expectations,
  ignoreNotFound,
  isEmptySelector,
  isNamespaceTerminating,
  isPodReady,
  isTerminating,
  matchesSelector,
  nextAvailabilityMs,
  revisionHash,
  slowStart,
  statusEqual,
} from '../shared/index.ts';
import { makeDaemonPod, nodeNameOf, placementOn, revisionHashLabel } from './placement.ts';
import {
  type DaemonPlan,
  type DaemonView,
  daemonStatus,
  planManage,
  planRollingUpdate,
  viewDaemons,
} from './reconcile.ts';

/** Pods created or deleted in one go at most. */
const burstPods = 250;
/** Failed pods are replaced at once, then with growing waits. */
const failedBackoff = { baseMs: 1000, maxMs: 15 * 60_000 };

export const startDaemonSet: StartController = ({ client, informers, events, clock, loop }) => {
  const sets = informers.for(DaemonSets);
  const pods = informers.for(Pods);
  const nodes = informers.for(Nodes);
  const revisions = informers.for(ControllerRevisions);
  const expectations = new Expectations(clock);
  const podControl = createPodControl(client, events);
  const backoff = new KeyedBackoff(failedBackoff);
  /** Until when the failed pod of a node stays. */
  const blockedUntil = new Map<string, number>();
  const matches = (set: DaemonSet, object: { metadata?: { labels?: Record<string, string> } }) =>
    matchesSelector(set.spec?.selector, object.metadata?.labels);

  const queue: WorkQueue = loop({ reconcile });
  sets.addHandler(queueSelf(queue));
  sets.addHandler({
    deleted({ metadata }) {
      for (const id of blockedUntil.keys()) {
        if (!id.startsWith(`${metadata?.uid}/`)) continue;
        blockedUntil.delete(id);
        backoff.forget(id);
      }
    },
  });
  pods.addHandler(
    childHandler({
      owners: sets.lister,
      ownerKind: DaemonSets.kind,
      queue,
      expectations,
      matches,
      onUpdate: (set, pod, previous) => {
        const seconds = set.spec?.minReadySeconds ?? 0;
        if (seconds > 0 && isPodReady(pod) && !isPodReady(previous)) queue.addAfter(keyOf(set), (seconds + 1) * 1000);
      },
    }),
  );
  revisions.addHandler(childHandler({ owners: sets.lister, ownerKind: DaemonSets.kind, queue, matches }));
  const queueAll = () => {
    for (const set of sets.lister.list()) queue.add(keyOf(set));
  };
  nodes.addHandler({
    added: (node) => {
      for (const set of sets.lister.list()) if (placementOn(node, set).shouldRun) queue.add(keyOf(set));
    },
    updated(node, previous) {
      if (samePlacement(node, previous)) return;
      for (const set of sets.lister.list()) {
        if (!deepEqual(placementOn(node, set), placementOn(previous, set))) queue.add(keyOf(set));
      }
    },
    deleted: queueAll,
  });

  async function reconcile(key: string): Promise<void> {
    const { name, namespace } = splitKey(key);
    const set = sets.lister.get(name, namespace);
    if (!set) return expectations.forget(key);
    if (isEmptySelector(set.spec?.selector)) {
      const message = 'This daemon set is selecting all pods. A non-empty selector is required.';
      return events.event(set, 'Warning', 'SelectingAll', message);
    }
    if (isTerminating(set)) return;
    const claimed = await claimObjects(childrenAndOrphans(revisions.lister, set), {
      client,
      owner: set,
      ownerResource: DaemonSets,
      resource: ControllerRevisions,
      matches: (revision) => matches(set, revision),
    });
    const source = {
      owner: set,
      ownerResource: DaemonSets,
      template: set.spec?.template,
      hashLabel: revisionHashLabel,
      collisionCount: set.status?.collisionCount ?? 0,
    };
    const { revision, collisionCount } = await ensureRevision(client, source, claimed);
    const hash = revisionHash(revision, revisionHashLabel);
    let failure: unknown;
    if (expectations.satisfied(key)) {
      failure = await manage(key, await view(set, hash));
      if (failure === undefined && expectations.satisfied(key) && set.spec?.updateStrategy?.type !== 'OnDelete') {
        const current = await view(set, hash);
        failure = await carryOut(key, current, { ...planRollingUpdate(current), ended: [] });
      }
      if (failure === undefined) await trimHistory(set, claimed, revision, await claimPods(set));
    }
    await writeStatus(key, set, hash, collisionCount);
    if (failure !== undefined) throw failure;
  }

  function claimPods(set: DaemonSet): Promise<Pod[]> {
    return claimObjects(childrenAndOrphans(pods.lister, set), {
      client,
      owner: set,
      ownerResource: DaemonSets,
      resource: Pods,
      matches: (pod) => matches(set, pod),
    });
  }

  async function view(set: DaemonSet, hash: string): Promise<DaemonView> {
    return viewDaemons(set, nodes.lister.list(), await claimPods(set), hash, clock.now());
  }

  function manage(key: string, current: DaemonView): Promise<unknown> {
    const plan = planManage(current, (nodeName) => mayReplaceFailed(key, current.set, nodeName));
    for (const { metadata, status, ...pod } of plan.ended) {
      const nodeName = nodeNameOf({ metadata, ...pod } as Pod);
      const where = `${metadata?.namespace}/${metadata?.name} on node ${nodeName}`;
      if (status?.phase === 'Failed') {
        events.event(
          current.set,
          'Warning',
          'FailedDaemonPod',
          `Found failed daemon pod ${where}, will try to kill it`,
        );
      } else {
        const message = `Found succeeded daemon pod ${where}, will try to delete it`;
        events.event(current.set, 'Normal', 'SucceededDaemonPod', message);
      }
    }
    return carryOut(key, current, plan);
  }

  function mayReplaceFailed(key: string, set: DaemonSet, nodeName: string): boolean {
    const id = `${set.metadata?.uid}/${set.status?.observedGeneration ?? 0}/${nodeName}`;
    const wait = (blockedUntil.get(id) ?? 0) - clock.now();
    if (wait > 0) {
      queue.addAfter(key, wait);
      return false;
    }
    blockedUntil.set(id, clock.now() + backoff.next(id));
    return true;
  }

  async function carryOut(key: string, { set, hash }: DaemonView, plan: DaemonPlan): Promise<unknown> {
    const create = plan.create.slice(0, burstPods);
    const doomed = plan.delete.slice(0, burstPods);
    if (create.length + doomed.length === 0) return undefined;
    expectations.expect(
      key,
      create.length,
      doomed.map((pod) => pod.metadata?.uid ?? ''),
    );
    const { successes, error } = await slowStart(create.length, async (index) => {
      try {
        await podControl.create(makeDaemonPod(set, create[index] ?? '', hash), set);
      } catch (failure) {
        if (!isNamespaceTerminating(failure)) throw failure;
      }
    });
    for (let missing = create.length - successes; missing > 0; missing--) expectations.creationObserved(key);
    const deletions = await Promise.allSettled(doomed.map((pod) => deletePod(key, set, pod)));
    return error ?? deletions.find((result) => result.status === 'rejected')?.reason;
  }

  async function deletePod(key: string, set: DaemonSet, pod: Pod): Promise<void> {
    try {
      await podControl.delete(pod, set);
    } catch (error) {
      expectations.deletionObserved(key, pod.metadata?.uid ?? '');
      if (!isStatus(error, 'NotFound')) throw error;
    }
  }

  /** Old revisions that no pod is of, beyond the history limit. */
  async function trimHistory(
    set: DaemonSet,
    all: readonly ControllerRevision[],
    current: ControllerRevision,
    own: readonly Pod[],
  ): Promise<void> {
    const live = new Set(own.map((pod) => pod.metadata?.labels?.[revisionHashLabel]));
    const old = all.filter((revision) => revision.metadata?.name !== current.metadata?.name).sort(byRevision);
    const unused = old.filter((revision) => !live.has(revisionHash(revision, revisionHashLabel)));
    const surplus = unused.length - (set.spec?.revisionHistoryLimit ?? 10);
    for (const revision of unused.slice(0, Math.max(0, surplus))) {
      await ignoreNotFound(client.delete(ControllerRevisions, objectKey(revision)));
    }
  }

  async function writeStatus(key: string, set: DaemonSet, hash: string, collisionCount: number): Promise<void> {
    const current = await view(set, hash);
    const status = { ...daemonStatus(current), ...(collisionCount > 0 ? { collisionCount } : {}) };
    if (!statusEqual(set.status, status)) {
      await client.update(DaemonSets, { ...set, status }, { subresource: 'status' });
    }
    const seconds = set.spec?.minReadySeconds ?? 0;
    if (seconds === 0 || status.numberReady === status.numberAvailable) return;
    const own = [...current.podsByNode.values()].flat();
    queue.addAfter(key, nextAvailabilityMs(own, seconds, current.nowMs) ?? seconds * 1000);
  }
};

function samePlacement(a: Node, b: Node): boolean {
  return deepEqual(a.metadata?.labels, b.metadata?.labels) && deepEqual(a.spec?.taints, b.spec?.taints);
}
