import {
  badRequest,
  conflict,
  field,
  forbidden,
  invalid,
  isStatus,
  notFound,
  plainError,
  type Status,
  StatusError,
  timeout,
  tooManyRequests,
} from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { selectorOf } from '@coracle/apimachinery/selectors';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { Eviction, PodDisruptionBudget } from '@coracle/apimachinery/types/policy-v1';
import { type DeleteOptions, type SubresourceStrategy, timestamp, type WriteContext } from '../../shared/registry.ts';
import { success } from '../../shared/status.ts';
import { setPodCondition } from './conditions.ts';
import { findCondition, isTerminal } from './pod-table.ts';

const pods = { group: '', resource: 'pods' };
const budgets = { group: 'policy', resource: 'poddisruptionbudgets' };
/** Pods of one budget that may be on their way out at the same time. */
const disruptedPodsMax = 2000;

/** POST of an Eviction deletes a pod where its disruption budget allows (pkg/registry/core/pod/storage/eviction.go). */
export const evictionSubresource: SubresourceStrategy<Pod> = {
  type: 'action',
  run: (body, name, context) => evict(body as Eviction, name, context),
};

async function evict(eviction: Eviction, name: string, context: WriteContext): Promise<KubernetesObject> {
  if (eviction.metadata?.name !== name) throw badRequest('name in URL does not match name in Eviction object');
  const options = evictionOptions(eviction, name, context);
  const pod = await context.readers.get<Pod>(pods, { namespace: context.namespace, name }, { type: 'newest' });
  if (!pod) throw notFound(pods, name);
  if (ignoresBudgets(pod)) {
    const guarded = !isTerminal(pod.status?.phase) && !pod.metadata?.deletionTimestamp;
    await remove(pod, guarded ? atVersion(options, pod) : options, context);
    return success();
  }
  const matching = await budgetsOf(pod, context);
  if (matching.length > 1) throw severalBudgets();
  const budget = matching[0];
  if (!budget) {
    await remove(pod, options, context);
  } else if (countsAsDisrupted(pod, budget)) {
    await takeFromBudget(pod, budget, options, context);
    await remove(pod, options, context);
  } else {
    await removeUnhealthy(pod, budget, options, context);
  }
  return success();
}

function evictionOptions(eviction: Eviction, name: string, context: WriteContext): DeleteOptions {
  const options: DeleteOptions = { ...(eviction.deleteOptions as DeleteOptions | undefined) };
  if (options.ignoreStoreReadErrorWithClusterBreakingPotential) {
    const path = 'deleteOptions.ignoreStoreReadErrorWithClusterBreakingPotential';
    const text = 'can not be set for pod eviction, try after removing the option';
    throw invalid({ group: 'policy', kind: 'Eviction' }, name, [field.invalid(path, true, text)]);
  }
  if (!context.dryRun) return options;
  const asked = options.dryRun ?? [];
  if (asked.some((stage) => stage !== 'All')) {
    throw plainError(`Non-matching dry-run options in request and content: [All] and [${asked.join(' ')}]`);
  }
  options.dryRun = ['All'];
  return options;
}

/** Such a pod serves nobody: no budget is hurt by its end. */
function ignoresBudgets({ metadata, status }: Pod): boolean {
  return isTerminal(status?.phase) || status?.phase === 'Pending' || metadata?.deletionTimestamp !== undefined;
}

async function budgetsOf(pod: Pod, { readers, namespace }: WriteContext): Promise<readonly PodDisruptionBudget[]> {
  const all = await readers.list<PodDisruptionBudget>(budgets, namespace, { type: 'newest' });
  return all.filter(({ spec }) => {
    try {
      return selectorOf(spec?.selector).matches(pod.metadata?.labels ?? {});
    } catch {
      return false; // an invalid selector matches nothing
    }
  });
}

function severalBudgets(): StatusError {
  const message = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    code: 500,
  } as Status);
}

/** Whether the budget must allow this eviction: an unready pod may go where its policy or the healthy ones say so. */
function countsAsDisrupted(pod: Pod, { spec, status }: PodDisruptionBudget): boolean {
  if (findCondition(pod.status?.conditions, 'Ready')?.status === 'True') return true;
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return false;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return !(currentHealthy >= desiredHealthy && desiredHealthy > 0);
}

async function removeUnhealthy(
  pod: Pod,
  budget: PodDisruptionBudget,
  options: DeleteOptions,
  context: WriteContext,
): Promise<void> {
  try {
    await remove(pod, atVersion(options, pod), context);
  } catch (error) {
    // It has become healthy meanwhile: the client may ask again.
    if (!isStatus(error, 'Conflict') || options.preconditions?.resourceVersion) throw error;
    throw stillProcessed(budget.metadata?.name ?? '');
  }
}

function atVersion(options: DeleteOptions, pod: Pod): DeleteOptions {
  const { resourceVersion } = pod.metadata ?? {};
  if (resourceVersion === undefined || options.preconditions?.resourceVersion) return options;
  return { ...options, preconditions: { ...options.preconditions, resourceVersion } };
}

async function takeFromBudget(
  pod: Pod,
  budget: PodDisruptionBudget,
  options: DeleteOptions,
  context: WriteContext,
): Promise<void> {
  const { name = '' } = budget.metadata ?? {};
  checkBudget(budget);
  if (options.dryRun?.length) return;
  const key = { namespace: context.namespace, name };
  const updated = await context.writers.update<PodDisruptionBudget>(budgets, key, (copy) => {
    checkBudget(copy);
    const status = copy.status as NonNullable<PodDisruptionBudget['status']>;
    status.disruptionsAllowed = (status.disruptionsAllowed ?? 0) - 1;
    if (status.disruptionsAllowed === 0) setDisruptionAllowed(copy, context.environment.clock.now());
    status.disruptedPods = {
      ...status.disruptedPods,
      [pod.metadata?.name ?? '']: timestamp(context.environment.clock.now()),
    };
    return copy;
  });
  if (!updated) throw timeout(`couldn't update PodDisruptionBudget ${JSON.stringify(name)} due to conflicts`, 10);
}

/** Throws the refusal of a budget that allows no disruption now. */
function checkBudget(budget: PodDisruptionBudget): void {
  const { name = '', generation = 0 } = budget.metadata ?? {};
  const { observedGeneration = 0, disruptionsAllowed = 0, disruptedPods = {} } = budget.status ?? {};
  if (observedGeneration < generation) throw stillProcessed(name);
  const prefix = `The disruption budget ${name} does not allow evicting pods currently`;
  if (disruptionsAllowed < 0) {
    throw withCause(
      forbidden({ group: 'policy', resource: 'poddisruptionbudget' }, name, 'pdb disruptions allowed is negative'),
      `${prefix}: pdb disruptions allowed is negative`,
    );
  }
  if (Object.keys(disruptedPods).length > disruptedPodsMax) {
    const text = 'DisruptedPods map too big - too many evictions not confirmed by PDB controller';
    throw withCause(
      forbidden({ group: 'policy', resource: 'poddisruptionbudget' }, name, text),
      `${prefix}: too many pending evictions not confirmed by PDB controller`,
    );
  }
  if (disruptionsAllowed === 0) throw withCause(violation(0), whyNone(budget, prefix));
}

function whyNone({ metadata, status }: PodDisruptionBudget, prefix: string): string {
  const { currentHealthy = 0, desiredHealthy = 0, conditions } = status ?? {};
  const condition = conditions?.find(({ type }) => type === 'DisruptionAllowed');
  const says = condition?.status === 'False' && condition.message ? condition : undefined;
  if (says?.reason === 'SyncFailed') return `${prefix} because it failed sync: ${says.message}`;
  if (currentHealthy <= desiredHealthy) {
    return `The disruption budget ${metadata?.name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  }
  return says ? `${prefix} (${says.reason}): ${says.message}` : prefix;
}

function violation(retryAfterSeconds: number): StatusError {
  return tooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", retryAfterSeconds);
}

function stillProcessed(name: string): StatusError {
  return withCause(violation(10), `The disruption budget ${name} is still being processed by the server.`);
}

function withCause(error: StatusError, message: string): StatusError {
  const details = (error.status.details ??= {});
  details.causes = [...(details.causes ?? []), { reason: 'DisruptionBudget', message }];
  return error;
}

function setDisruptionAllowed(budget: PodDisruptionBudget, now: number): void {
  const status = budget.status as NonNullable<PodDisruptionBudget['status']>;
  const others = (status.conditions ?? []).filter(({ type }) => type !== 'DisruptionAllowed');
  const old = status.conditions?.find(({ type }) => type === 'DisruptionAllowed');
  const lastTransitionTime = old?.status === 'False' ? old.lastTransitionTime : timestamp(now);
  const observedGeneration = status.observedGeneration ?? 0;
  status.conditions = [
    ...others,
    {
      type: 'DisruptionAllowed',
      status: 'False',
      reason: 'InsufficientPods',
      message: '',
      observedGeneration,
      lastTransitionTime,
    },
  ];
}

/** Says on the pod why it goes, then deletes it. */
async function remove(pod: Pod, options: DeleteOptions, context: WriteContext): Promise<void> {
  const { name = '' } = pod.metadata ?? {};
  const key = { namespace: context.namespace, name };
  if (options.dryRun?.length) return;
  const marked = await context.writers.update<Pod>(pods, key, (copy) => {
    checkPreconditions(copy, options);
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'EvictionByEvictionAPI',
      message: 'Eviction API: evicting',
    };
    setPodCondition((copy.status ??= {}), condition, context.environment.clock.now());
    return copy;
  });
  if (!marked) throw notFound(pods, name);
  // The update above has moved the version that the caller knew.
  const moved = options.preconditions?.resourceVersion !== undefined && marked.metadata?.resourceVersion !== undefined;
  const preconditions = {
    ...options.preconditions,
    ...(moved && { resourceVersion: marked.metadata?.resourceVersion as string }),
  };
  await context.writers.delete(pods, key, { ...options, preconditions });
}

function checkPreconditions({ metadata }: Pod, { preconditions }: DeleteOptions): void {
  const { name = '', uid = '', resourceVersion = '' } = metadata ?? {};
  const resource = { group: '', resource: 'Pod' };
  if (preconditions?.uid && preconditions.uid !== uid) {
    const text = `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid}).`;
    throw conflict(resource, name, `${text} The object might have been deleted and then recreated`);
  }
  if (preconditions?.resourceVersion && preconditions.resourceVersion !== resourceVersion) {
    const text = `the ResourceVersion in the precondition (${preconditions.resourceVersion}) does not match`;
    throw conflict(
      resource,
      name,
      `${text} the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    );
  }
}
