import { compareQuantities } from '@coracle/apimachinery/quantity';
import type { Pod, ResourceRequirements } from '@coracle/apimachinery/types/core-v1';
import { addQuantities } from '../../shared/resource-list.ts';

export type QualityOfService = 'BestEffort' | 'Burstable' | 'Guaranteed';

const computeResources: readonly string[] = ['cpu', 'memory'];

/** The class that decides who is evicted first (pkg/apis/core/helper/qos). Pod-level resources alone count where there are any. */
export function qualityOfService({ spec }: Pod): QualityOfService {
  const podLevel = spec?.resources;
  const sources: readonly (ResourceRequirements | undefined)[] = podLevel
    ? [podLevel]
    : [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].map((container) => container.resources);
  const requests: Record<string, string> = {};
  const limits: Record<string, string> = {};
  let guaranteed = true;
  for (const resources of sources) {
    addCompute(requests, resources?.requests);
    const limited = addCompute(limits, resources?.limits);
    if (limited < computeResources.length) guaranteed = false;
  }
  if (Object.keys(requests).length === 0 && Object.keys(limits).length === 0) return 'BestEffort';
  const same = Object.keys(requests).length === Object.keys(limits).length;
  const equal = same && Object.keys(requests).every((name) => compareQuantities(requests[name], limits[name]) === 0);
  return guaranteed && equal ? 'Guaranteed' : 'Burstable';
}

/** Adds what is above zero; the number of compute resources found. */
function addCompute(sum: Record<string, string>, list: Readonly<Record<string, string>> | undefined): number {
  let found = 0;
  for (const name of computeResources) {
    const quantity = list?.[name];
    if (quantity === undefined || compareQuantities(quantity, '0') <= 0) continue;
    sum[name] = addQuantities(sum[name], quantity);
    found++;
  }
  return found;
}
