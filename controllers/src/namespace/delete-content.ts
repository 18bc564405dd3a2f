import { isStatus } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { Client } from '@coracle/client/rest';
import type { DiscoveredResource } from '../runtime/index.ts';
import { isPodTerminal, messageOf } from '../shared/index.ts';
import type { DeletionOutcome } from './conditions.ts';

/** How long objects with finalizers are given before the namespace is looked at again. */
const finalizerEstimateSeconds = 15;

export interface ContentResult extends DeletionOutcome {
  /** Seconds after which what remains may be gone; 0 when nothing remains. */
  readonly estimateSeconds: number;
}

interface ResourceResult {
  readonly remaining: readonly KubernetesObject[];
  readonly estimateSeconds: number;
  readonly error?: string;
}

/**
 * Deletes what is in the namespace: pods first, and nothing else before the last pod is gone (KEP-5080), because pods may
 * rely on the network policies, secrets and config maps next to them.
 */
export async function deleteContent(
  client: Client,
  namespace: string,
  resources: readonly DiscoveredResource[],
  deletedForMs: number,
): Promise<ContentResult> {
  const deletable = resources.filter((row) => row.namespaced && row.preferred && row.verbs.includes('delete'));
  const pods = deletable.filter((row) => row.group === '' && row.resource === 'pods');
  const results = new Map<DiscoveredResource, ResourceResult>();
  for (const row of pods) results.set(row, await deleteResource(client, namespace, row, deletedForMs));
  const waitsForPods = [...results.values()].some(({ remaining }) => remaining.length > 0);
  if (waitsForPods) {
    const [result] = results.values();
    const prefix = `failed to delete pods for namespace: ${namespace}, err: `;
    return {
      contentErrors: result?.error === undefined ? [] : [`${prefix}${result.error}`],
      estimateSeconds: result?.estimateSeconds ?? 0,
    };
  }
  const others = deletable.filter((row) => !pods.includes(row));
  for (const row of others) results.set(row, await deleteResource(client, namespace, row, deletedForMs));
  return summarize(results);
}

function summarize(results: ReadonlyMap<DiscoveredResource, ResourceResult>): ContentResult {
  const remaining = new Map<string, number>();
  const finalizers = new Map<string, number>();
  const contentErrors: string[] = [];
  let estimateSeconds = 0;
  for (const [row, result] of results) {
    if (result.error !== undefined) contentErrors.push(result.error);
    estimateSeconds = Math.max(estimateSeconds, result.estimateSeconds);
    if (result.remaining.length > 0) remaining.set(`${row.resource}.${row.group}`, result.remaining.length);
    for (const finalizer of result.remaining.flatMap((object) => object.metadata?.finalizers ?? [])) {
      finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
    }
  }
  return { contentErrors, remaining, finalizers, estimateSeconds };
}

async function deleteResource(
  client: Client,
  namespace: string,
  row: DiscoveredResource,
  deletedForMs: number,
): Promise<ResourceResult> {
  let before: readonly KubernetesObject[] = [];
  try {
    before = await list(client, namespace, row);
    if (before.length === 0) return { remaining: [], estimateSeconds: 0 };
    const estimateSeconds = graceOf(row, before, deletedForMs);
    await deleteAll(client, namespace, row, before);
    const remaining = await list(client, namespace, row);
    if (remaining.length === 0 || estimateSeconds > 0) return { remaining, estimateSeconds };
    if (remaining.some((object) => object.metadata?.finalizers?.length)) {
      return { remaining, estimateSeconds: finalizerEstimateSeconds };
    }
    const resource = `${row.group}/${row.version}, Resource=${row.resource}`;
    const error = `unexpected items still remain in namespace: ${namespace} for gvr: ${resource}`;
    return { remaining, estimateSeconds: 0, error };
  } catch (error) {
    return { remaining: before, estimateSeconds: 0, error: messageOf(error) };
  }
}

async function list(client: Client, namespace: string, row: DiscoveredResource): Promise<readonly KubernetesObject[]> {
  if (!row.verbs.includes('list')) return [];
  return (await unlessGone(client.list(row, { namespace })))?.items ?? [];
}

async function deleteAll(
  client: Client,
  namespace: string,
  row: DiscoveredResource,
  objects: readonly KubernetesObject[],
): Promise<void> {
  const options = { propagationPolicy: 'Background' } as const;
  if (row.verbs.includes('deletecollection')) {
    await unlessGone(client.deleteCollection(row, { namespace }, options));
    return;
  }
  for (const { metadata } of objects) {
    await unlessGone(client.delete(row, { namespace, name: metadata?.name ?? '' }, options));
  }
}

/** A resource that is served no more, or an object that is gone, is what was wanted. */
async function unlessGone<R>(work: Promise<R>): Promise<R | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isStatus(error, 'NotFound') || isStatus(error, 'MethodNotAllowed')) return undefined;
    throw error;
  }
}

/** The longest grace period of the pods that still run, as long as it has not passed. */
function graceOf(row: DiscoveredResource, objects: readonly KubernetesObject[], deletedForMs: number): number {
  if (row.group !== '' || row.resource !== 'pods') return 0;
  let grace = 0;
  for (const pod of objects as readonly Pod[]) {
    if (!isPodTerminal(pod)) grace = Math.max(grace, pod.spec?.terminationGracePeriodSeconds ?? 0);
  }
  return deletedForMs >= grace * 1000 ? 0 : grace;
}
