import { quantityOrZero } from '@coracle/apimachinery/quantity';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { ResourceQuota, ScopedResourceSelectorRequirement } from '@coracle/apimachinery/types/core-v1';
import type { AdmissionAttributes } from '../admission.ts';
import { refuse } from '../refuse.ts';
import { type Amounts, addAmounts, maskAmounts, printAmounts, subtractAmounts, withoutZeros } from './amounts.ts';
import type { Evaluator } from './evaluator.ts';

/** What a write adds to one quota. */
export interface Charge {
  readonly quota: ResourceQuota;
  /** Only names that the quota limits, and only what is more than nothing. */
  readonly amounts: Amounts;
}

/** What a write costs each quota that it concerns. Throws Forbidden where one of them does not allow it. */
export function chargesOf(
  quotas: readonly ResourceQuota[],
  evaluator: Evaluator,
  attributes: AdmissionAttributes,
  now: number,
): Charge[] {
  const object = attributes.object as KubernetesObject;
  const concerned = quotas.filter((quota) => matches(quota, evaluator, object));
  if (concerned.length === 0) return [];
  for (const quota of concerned) checkUsable(quota, evaluator, attributes);
  const usage = evaluator.usage(object, now);
  checkNegative(usage, attributes);
  return concerned.flatMap((quota) => {
    const old = attributes.operation === 'UPDATE' ? attributes.oldObject : undefined;
    const before = old !== undefined && matches(quota, evaluator, old) ? evaluator.usage(old, now) : {};
    const delta = withoutZeros(subtractAmounts(usage, before));
    const amounts = maskAmounts(delta, Object.keys(quota.status?.hard ?? {}));
    return Object.keys(amounts).length === 0 ? [] : [{ quota, amounts }];
  });
}

/** What the quota has used with this charge. Throws Forbidden where that is too much. */
export function usedWith({ quota, amounts }: Charge, attributes: AdmissionAttributes): Amounts {
  const { hard = {}, used = {} } = quota.status ?? {};
  const total = addAmounts(used, amounts);
  const exceeded = Object.keys(amounts).filter(
    (name) => Object.hasOwn(hard, name) && quantityOrZero(total[name]).compare(quantityOrZero(hard[name])) > 0,
  );
  if (exceeded.length === 0) return total;
  const part = (of: Amounts) => printAmounts(maskAmounts(of, exceeded));
  throw refuse(
    attributes,
    `exceeded quota: ${quota.metadata?.name}, requested: ${part(amounts)}, used: ${part(used)}, limited: ${part(hard)}`,
  );
}

function matches(quota: ResourceQuota, evaluator: Evaluator, object: KubernetesObject): boolean {
  const limited = Object.keys(quota.status?.hard ?? {}).some((name) => evaluator.counts(name));
  return limited && scopesOf(quota).every((scope) => evaluator.matchesScope(object, scope));
}

function scopesOf({ spec }: ResourceQuota): ScopedResourceSelectorRequirement[] {
  const plain = (spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' }));
  return [...plain, ...(spec?.scopeSelector?.matchExpressions ?? [])];
}

function checkUsable(quota: ResourceQuota, evaluator: Evaluator, attributes: AdmissionAttributes): void {
  const name = quota.metadata?.name ?? '';
  const names = Object.keys(quota.status?.hard ?? {}).filter((each) => evaluator.counts(each));
  const constraint = evaluator.constraint?.(attributes.object as KubernetesObject, names);
  if (constraint !== undefined) throw refuse(attributes, `failed quota: ${name}: ${constraint}`);
  const used = quota.status?.used ?? {};
  if (names.every((each) => Object.hasOwn(used, each))) return;
  throw refuse(attributes, `status unknown for quota: ${name}, resources: ${names.toSorted().join(',')}`);
}

function checkNegative(usage: Amounts, attributes: AdmissionAttributes): void {
  const negative = Object.keys(usage).filter((name) => quantityOrZero(usage[name]).sign < 0);
  if (negative.length === 0) return;
  throw refuse(attributes, `quota usage is negative for resource(s): ${negative.toSorted().join(',')}`);
}
