import { quantityMilliValue, quantityValue } from '@coracle/apimachinery/quantity';
import type { Container, ContainerStatus, Pod } from '@coracle/apimachinery/types/core-v1';

/** Amounts as the scheduler adds and compares them: thousandths of a CPU, bytes, and counts by name for the rest. */
export interface Resources {
  milliCpu: number;
  memory: number;
  ephemeralStorage: number;
  /** Extended resources, huge pages and attachable volumes; absent where there are none. */
  scalars: Map<string, number> | undefined;
}

/** What a container counts for in spreading load where it asks for nothing (scheduler/util/pod_resources.go). */
const defaultMilliCpu = 100;
const defaultMemory = 200 * 1024 * 1024;

export function noResources(): Resources {
  return { milliCpu: 0, memory: 0, ephemeralStorage: 0, scalars: undefined };
}

export function addResources(target: Resources, amount: Resources, sign: 1 | -1): void {
  target.milliCpu += sign * amount.milliCpu;
  target.memory += sign * amount.memory;
  target.ephemeralStorage += sign * amount.ephemeralStorage;
  if (!amount.scalars) return;
  target.scalars ??= new Map();
  for (const [name, value] of amount.scalars) {
    target.scalars.set(name, (target.scalars.get(name) ?? 0) + sign * value);
  }
}

export function copyResources(resources: Resources): Resources {
  return { ...resources, scalars: resources.scalars && new Map(resources.scalars) };
}

/** Resource names and amounts in base units: thousandths for `cpu`, whole units for the others. */
type Amounts = Map<string, number>;

/** Texts repeat from pod to pod; parsing a quantity costs a hundred times a look-up. Bounded: emptied when full. */
const parsedMax = 10_000;
const parsedMilli = new Map<string, number>();
const parsedUnits = new Map<string, number>();

function remember(known: Map<string, number>, text: string, parse: (text: string) => number): number {
  const found = known.get(text);
  if (found !== undefined) return found;
  const value = parse(text);
  if (known.size >= parsedMax) known.clear();
  known.set(text, value);
  return value;
}

/** A quantity of the resource `name` in base units. */
export function amountOf(name: string, text: string): number {
  return name === 'cpu' ? remember(parsedMilli, text, quantityMilliValue) : remember(parsedUnits, text, quantityValue);
}

/** A resource list as vectors: `status.allocatable` of a node, or a pod's sums. */
export function toResources(amounts: ReadonlyMap<string, number>): Resources {
  const resources = noResources();
  for (const [name, value] of amounts) {
    if (name === 'cpu') resources.milliCpu = value;
    else if (name === 'memory') resources.memory = value;
    else if (name === 'ephemeral-storage') resources.ephemeralStorage = value;
    else if (name !== 'pods' && isScalar(name)) {
      resources.scalars ??= new Map();
      resources.scalars.set(name, value);
    }
  }
  return resources;
}

/** Names that are not of the core group, or are counted as whole things (component-helpers/scheduling IsScalarResourceName). */
function isScalar(name: string): boolean {
  return name.includes('/') || name.startsWith('hugepages-') || name.startsWith('attachable-volumes-');
}

export function amountsOf(list: Readonly<Record<string, string>> | undefined): Amounts {
  const amounts: Amounts = new Map();
  for (const name in list) amounts.set(name, amountOf(name, String(list[name])));
  return amounts;
}

export interface PodRequests {
  readonly requests: Resources;
  /** CPU and memory with the defaults for containers that ask for none: what load is spread by. */
  readonly nonZeroMilliCpu: number;
  readonly nonZeroMemory: number;
}

/**
 * What a pod takes from its node: the sum of its containers and sidecars, or what an init container needs beside the
 * sidecars before it where that is more; pod-level requests instead where set; plus the overhead. For a pod that runs, what
 * it was allocated and really has counts too (KEP-1287). component-helpers/resource/helpers.go.
 */
export function podRequests(pod: Pod): PodRequests {
  const amounts = podAmounts(pod, false);
  const requests = toResources(amounts);
  const nonZero = hasAllRequests(pod) ? amounts : podAmounts(pod, true);
  return { requests, nonZeroMilliCpu: nonZero.get('cpu') ?? 0, nonZeroMemory: nonZero.get('memory') ?? 0 };
}

function hasAllRequests(pod: Pod): boolean {
  const isComplete = ({ resources }: Container): boolean =>
    resources?.requests?.cpu !== undefined && resources.requests.memory !== undefined;
  return (pod.spec?.containers ?? []).every(isComplete) && (pod.spec?.initContainers ?? []).every(isComplete);
}

function podAmounts(pod: Pod, nonZero: boolean): Amounts {
  const fromSpec = containerAmounts(pod, (container) => container.resources?.requests, nonZero);
  const amounts = pod.spec?.nodeName ? maxWithStatus(pod, fromSpec, nonZero) : fromSpec;
  const podLevel = pod.spec?.resources?.requests;
  for (const name in podLevel) {
    if (name === 'cpu' || name === 'memory' || name.startsWith('hugepages-')) {
      amounts.set(name, amountOf(name, String(podLevel[name])));
    }
  }
  addAmounts(amounts, amountsOf(pod.spec?.overhead));
  return amounts;
}

function maxWithStatus(pod: Pod, fromSpec: Amounts, nonZero: boolean): Amounts {
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  if (!statuses.some((status) => status.allocatedResources || status.resources?.requests)) return fromSpec;
  const byName = new Map<string, ContainerStatus>(statuses.map((status) => [status.name, status]));
  const isInfeasible = resizeReason(pod) === 'Infeasible';
  const declared = (container: Container) => (isInfeasible ? undefined : container.resources?.requests);
  const allocated = (container: Container) => byName.get(container.name)?.allocatedResources ?? declared(container);
  const actual = (container: Container) => byName.get(container.name)?.resources?.requests ?? allocated(container);
  const most = isInfeasible ? new Map<string, number>() : fromSpec;
  maxAmounts(most, containerAmounts(pod, allocated, nonZero));
  maxAmounts(most, containerAmounts(pod, actual, nonZero));
  return most;
}

function resizeReason(pod: Pod): string | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === 'PodResizePending')?.reason;
}

type Request = (container: Container) => Readonly<Record<string, string>> | undefined;

function containerAmounts(pod: Pod, request: Request, nonZero: boolean): Amounts {
  const sum: Amounts = new Map();
  const amounts = (container: Container): Amounts => {
    const list = amountsOf(request(container));
    if (nonZero && !list.has('cpu')) list.set('cpu', defaultMilliCpu);
    if (nonZero && !list.has('memory')) list.set('memory', defaultMemory);
    return list;
  };
  for (const container of pod.spec?.containers ?? []) addAmounts(sum, amounts(container));
  const initContainers = pod.spec?.initContainers;
  if (!initContainers?.length) return sum;
  const sidecars: Amounts = new Map();
  const startUp: Amounts = new Map();
  for (const container of initContainers) {
    const own = amounts(container);
    if (container.restartPolicy === 'Always') {
      addAmounts(sum, own);
      addAmounts(sidecars, own);
      maxAmounts(startUp, sidecars);
    } else {
      addAmounts(own, sidecars);
      maxAmounts(startUp, own);
    }
  }
  maxAmounts(sum, startUp);
  return sum;
}

function addAmounts(target: Amounts, more: ReadonlyMap<string, number>): void {
  for (const [name, value] of more) target.set(name, (target.get(name) ?? 0) + value);
}

function maxAmounts(target: Amounts, other: ReadonlyMap<string, number>): void {
  for (const [name, value] of other) target.set(name, Math.max(target.get(name) ?? 0, value));
}
