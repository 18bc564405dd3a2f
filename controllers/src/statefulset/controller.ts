import { isStatus } from '@coracle/apimachinery/errors';
import { ControllerRevisions, PersistentVolumeClaims, Pods, StatefulSets } from '@coracle/apimachinery/resources';
import type { ControllerRevision, StatefulSet } from '@coracle/apimachinery/types/apps-v1';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import { keyOf, objectKey, queueSelf, type StartController, splitKey } from '../runtime/index.ts';
import {
  byRevision,
  childHandler,
  childrenAndOrphans,
  claimObjects,
  ensureRevision,
  ignoreNotFound,
  isTerminating,
  matchesSelector,
  messageOf,
  nextAvailabilityMs,
  StaleGuard,
  statusEqual,
  templateOf,
} from '../shared/index.ts';
import { claimsFor, ordinalOf, podRevision, withIdentity } from './identity.ts';
import { planStatefulSet, type StatefulAction, type StatefulObservation, statefulStatus } from './plan.ts';
import { hasForeignController, retainedOwners } from './retention.ts';

const hashLabel = 'controller.kubernetes.io/hash';

export const startStatefulSet: StartController = ({ client, informers, events, clock, loop }) => {
  const sets = informers.for(StatefulSets);
  const pods = informers.for(Pods);
  const claims = informers.for(PersistentVolumeClaims);
  const revisions = informers.for(ControllerRevisions);
  const stale = new StaleGuard();
  const matches = (set: StatefulSet, object: { metadata?: { labels?: Record<string, string> } }) =>
    matchesSelector(set.spec?.selector, object.metadata?.labels);

  const queue: WorkQueue = loop({ reconcile });
  sets.addHandler(queueSelf(queue));
  pods.addHandler(childHandler({ owners: sets.lister, ownerKind: StatefulSets.kind, queue, matches }));

  // A pod waits while the claim of an earlier pod of its name is on its way out.
  claims.addHandler({
    deleted({ metadata }) {
      for (const set of sets.lister.list(metadata?.namespace)) {
        const isOwn = (set.spec?.volumeClaimTemplates ?? []).some((template) =>
          metadata?.name?.startsWith(`${template.metadata?.name}-${set.metadata?.name}-`),
        );
        if (isOwn) queue.add(keyOf(set));
      }
    },
  });

  async function reconcile(key: string): Promise<void> {
    const { name, namespace } = splitKey(key);
    const set = sets.lister.get(name, namespace);
    if (!set) return stale.forget(key);
    if (stale.isStale(key, set)) return;
    const claim = { client, owner: set, ownerResource: StatefulSets };
    const history = await claimObjects(childrenAndOrphans(revisions.lister, set), {
      ...claim,
      resource: ControllerRevisions,
      matches: (revision) => matches(set, revision),
    });
    const own = await claimObjects(childrenAndOrphans(pods.lister, set), {
      ...claim,
      resource: Pods,
      matches: (pod) => matches(set, pod) && ordinalOf(set, pod) !== undefined,
    });
    const source = {
      owner: set,
      ownerResource: StatefulSets,
      template: set.spec?.template,
      hashLabel,
      collisionCount: set.status?.collisionCount ?? 0,
    };
    const { revision: update, collisionCount } = await ensureRevision(client, source, history);
    const current = history.find((revision) => revision.metadata?.name === set.status?.currentRevision) ?? update;
    const observation: StatefulObservation = {
      set,
      pods: own,
      claimOf: (claimName) => claims.lister.get(claimName, namespace),
      current: { name: current.metadata?.name ?? '', template: templateOf(current) },
      update: { name: update.metadata?.name ?? '', template: templateOf(update) },
      nowMs: clock.now(),
    };
    let failure: unknown;
    try {
      for (const action of planStatefulSet(observation)) await carryOut(set, action);
    } catch (error) {
      failure = error;
    }
    await writeStatus(key, observation, collisionCount);
    if (failure !== undefined) throw failure;
    await trimHistory(set, history, [current, update], own);
  }

  async function carryOut(set: StatefulSet, action: StatefulAction): Promise<void> {
    switch (action.type) {
      case 'create':
        return createPod(set, action.pod, action.ordinal);
      case 'claims':
        await createClaims(set, action.pod, action.ordinal);
        return setClaimOwners(set, action.pod, action.ordinal);
      case 'repair':
        return repairPod(set, action.pod, action.ordinal);
      case 'delete':
        return deletePod(set, action.pod);
    }
  }

  async function createPod(set: StatefulSet, pod: Pod, ordinal: number): Promise<void> {
    try {
      await createClaims(set, pod, ordinal);
      const created = await client.create(Pods, pod);
      await setClaimOwners(set, created, ordinal);
    } catch (error) {
      // Made before and not in the cache yet: its event brings us back.
      if (isStatus(error, 'AlreadyExists')) return;
      report(set, 'Create', pod, error);
      throw error;
    }
    report(set, 'Create', pod);
  }

  async function createClaims(set: StatefulSet, pod: Pod, ordinal: number): Promise<void> {
    for (const claim of claimsFor(set, ordinal)) {
      const existing = claims.lister.get(claim.metadata?.name ?? '', claim.metadata?.namespace);
      if (existing && isTerminating(existing)) throw new Error(`pvc ${existing.metadata?.name} is being deleted`);
      if (existing) continue;
      const subject = `Claim ${claim.metadata?.name}`;
      const where = `Pod ${pod.metadata?.name} in StatefulSet ${set.metadata?.name}`;
      try {
        await client.create(PersistentVolumeClaims, claim);
        events.event(set, 'Normal', 'SuccessfulCreate', `Create ${subject} ${where} success`);
      } catch (error) {
        if (isStatus(error, 'AlreadyExists')) continue;
        events.event(
          set,
          'Warning',
          'FailedCreate',
          `Create ${subject} for ${where} failed error: ${messageOf(error)}`,
        );
        throw new Error(`failed to create PVC ${claim.metadata?.name}: ${messageOf(error)}`, { cause: error });
      }
    }
  }

  async function setClaimOwners(set: StatefulSet, pod: Pod, ordinal: number): Promise<void> {
    for (const { metadata } of claimsFor(set, ordinal)) {
      const claim = claims.lister.get(metadata?.name ?? '', metadata?.namespace);
      if (!claim) continue;
      if (hasForeignController(claim, set, pod)) {
        const message =
          `PersistentVolumeClaim ${metadata?.name} has a conflicting OwnerReference that acts as a manging controller, ` +
          'the retention policy is ignored for this claim';
        events.event(set, 'Warning', 'ConflictingController', message);
      }
      const ownerReferences = retainedOwners(claim, set, pod, ordinal);
      if (ownerReferences) {
        await client.update(PersistentVolumeClaims, { ...claim, metadata: { ...claim.metadata, ownerReferences } });
      }
    }
  }

  async function repairPod(set: StatefulSet, pod: Pod, ordinal: number): Promise<void> {
    try {
      await setClaimOwners(set, pod, ordinal);
      const repaired = withIdentity(pod, set, ordinal);
      if (repaired === pod) return;
      await createClaims(set, pod, ordinal);
      await client.update(Pods, repaired);
    } catch (error) {
      report(set, 'Update', pod, error);
      throw error;
    }
    report(set, 'Update', pod);
  }

  async function deletePod(set: StatefulSet, pod: Pod): Promise<void> {
    try {
      await ignoreNotFound(client.delete(Pods, objectKey(pod), { preconditions: { uid: pod.metadata?.uid ?? '' } }));
    } catch (error) {
      // Another of its name took its place already.
      if (isStatus(error, 'Conflict')) return;
      report(set, 'Delete', pod, error);
      throw error;
    }
    report(set, 'Delete', pod);
  }

  function report(set: StatefulSet, verb: 'Create' | 'Update' | 'Delete', pod: Pod, error?: unknown): void {
    const subject = `${verb} Pod ${pod.metadata?.name} in StatefulSet ${set.metadata?.name}`;
    if (error === undefined) events.event(set, 'Normal', `Successful${verb}`, `${subject} successful`);
    else events.event(set, 'Warning', `Failed${verb}`, `${subject} failed error: ${messageOf(error)}`);
  }

  async function writeStatus(key: string, observation: StatefulObservation, collisionCount: number): Promise<void> {
    const { set, pods: own, nowMs } = observation;
    const status = statefulStatus(observation, collisionCount);
    if (!statusEqual(set.status, status)) {
      const written = await client.update(StatefulSets, { ...set, status }, { subresource: 'status' });
      stale.replaced(key, set, written);
    }
    const seconds = set.spec?.minReadySeconds ?? 0;
    if (seconds === 0 || status.readyReplicas === status.availableReplicas) return;
    queue.addAfter(key, nextAvailabilityMs(own, seconds, nowMs) ?? seconds * 1000);
  }

  /** Revisions that no pod is of, beyond the history limit. */
  async function trimHistory(
    set: StatefulSet,
    history: readonly ControllerRevision[],
    kept: readonly ControllerRevision[],
    own: readonly Pod[],
  ): Promise<void> {
    const live = new Set([...kept.map((revision) => revision.metadata?.name), ...own.map(podRevision)]);
    const unused = history.filter((revision) => !live.has(revision.metadata?.name)).sort(byRevision);
    const surplus = unused.length - (set.spec?.revisionHistoryLimit ?? 10);
    for (const revision of unused.slice(0, Math.max(0, surplus))) {
      await ignoreNotFound(client.delete(ControllerRevisions, objectKey(revision)));
    }
  }
};
