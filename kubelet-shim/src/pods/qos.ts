import { compareQuantities } from '@coracle/apimachinery/quantity';
import type { Container, Pod, ResourceRequirements } from '@coracle/apimachinery/types/core-v1';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const classResources = ['cpu', 'memory'] as const;

/** The pod's quality-of-service class: the API server's word where it has said one. */
export function qosClass(pod: Pod): QosClass {
  if (pod.status?.qosClass) return pod.status.qosClass as QosClass;
  const { containers = [], initContainers = [], resources } = pod.spec ?? {};
  const all = resources ? [resources] : [...containers, ...initContainers].map((one: Container) => one.resources ?? {});
  if (all.every((one) => classResources.every((name) => !isSet(one.requests, name) && !isSet(one.limits, name))))
    return 'BestEffort';
  return all.every(isGuaranteed) ? 'Guaranteed' : 'Burstable';
}

function isGuaranteed({ requests, limits }: ResourceRequirements): boolean {
  return classResources.every((name) => {
    if (!isSet(limits, name)) return false;
    return !isSet(requests, name) || compareQuantities(requests?.[name], limits?.[name]) === 0;
  });
}

function isSet(list: Record<string, string> | undefined, name: string): boolean {
  return list?.[name] !== undefined && compareQuantities(list[name], '0') > 0;
}
