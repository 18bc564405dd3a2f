import type { Container, ContainerStatus, Pod } from '@coracle/apimachinery/types/core-v1';
import { addResources, maxResources } from '../resources/shared/resource-list.ts';

type Amounts = Readonly<Record<string, string>>;

const podLevelResources: ReadonlySet<string> = new Set(['cpu', 'memory']);

/**
 * What a pod asks for as a whole: containers together, or the most demanding moment of its start where that is more;
 * amounts set for the pod itself take precedence (component-helpers resource/helpers.go, without overhead).
 */
export function podRequests(pod: Pod): Record<string, string> {
  return aggregate(pod, ({ resources }) => resources?.requests, pod.spec?.resources?.requests);
}

export function podLimits(pod: Pod): Record<string, string> {
  return aggregate(pod, ({ resources }) => resources?.limits, pod.spec?.resources?.limits);
}

/** What a pod takes from its namespace's quota: overhead included, and what a resize has not given back yet. */
export function chargedRequests(pod: Pod): Record<string, string> {
  const statuses = statusesOf(pod);
  const amountsOf = ({ name, resources }: Container): Amounts => {
    const charged = { ...resources?.requests };
    const status = statuses.get(name);
    maxResources(charged, status?.allocatedResources);
    maxResources(charged, status?.resources?.requests);
    return charged;
  };
  const total = aggregate(pod, amountsOf, pod.spec?.resources?.requests);
  addResources(total, pod.spec?.overhead);
  return total;
}

export function chargedLimits(pod: Pod): Record<string, string> {
  const statuses = statusesOf(pod);
  const amountsOf = ({ name, resources }: Container): Amounts => {
    const charged = { ...resources?.limits };
    maxResources(charged, statuses.get(name)?.resources?.limits);
    return charged;
  };
  const total = aggregate(pod, amountsOf, pod.spec?.resources?.limits);
  for (const [name, amount] of Object.entries(pod.spec?.overhead ?? {})) {
    if (total[name] !== undefined) addResources(total, { [name]: amount });
  }
  return total;
}

function statusesOf({ status }: Pod): Map<string, ContainerStatus> {
  const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  return new Map(all.map((each) => [each.name, each]));
}

function aggregate(
  { spec }: Pod,
  amountsOf: (container: Container) => Amounts | undefined,
  podLevel: Amounts | undefined,
): Record<string, string> {
  const total: Record<string, string> = {};
  for (const container of spec?.containers ?? []) addResources(total, amountsOf(container));
  const sidecars: Record<string, string> = {};
  const start: Record<string, string> = {};
  for (const container of spec?.initContainers ?? []) {
    const amounts = amountsOf(container);
    if (container.restartPolicy === 'Always') {
      addResources(total, amounts);
      addResources(sidecars, amounts);
      maxResources(start, sidecars);
    } else {
      const moment = { ...sidecars };
      addResources(moment, amounts);
      maxResources(start, moment);
    }
  }
  maxResources(total, start);
  for (const [name, amount] of Object.entries(podLevel ?? {})) if (podLevelResources.has(name)) total[name] = amount;
  return total;
}
