import type { Pod, Service, ServicePort } from '@coracle/apimachinery/types/core-v1';
import type { Handler, Lister } from '@coracle/client/informer';
import type { WorkQueue } from '@coracle/client/workqueue';
import { keyOf } from '../runtime/index.ts';
import { deepEqual, isPodReady, isPodTerminal, matchesLabels } from '../shared/index.ts';

/** Queues the services that select the pod, when something about it changed that a service's endpoints show. */
export function podHandler(services: Lister<Service>, queue: { add(key: string): void }): Handler<Pod> {
  const queueServices = (pod: Pod): void => {
    for (const service of services.list(pod.metadata?.namespace)) if (selects(service, pod)) queue.add(keyOf(service));
  };
  return {
    added: queueServices,
    updated(pod, previous) {
      if (sameEndpoint(pod, previous)) return;
      queueServices(previous);
      queueServices(pod);
    },
    deleted: queueServices,
  };
}

/** Pods of a service per millisecond that changes of its pods are gathered, and the longest that they are. */
const podsPerBatchMs = 4;
const batchMsMax = 500;

/**
 * Every look at a service costs as much as it has pods, so changes of many pods are gathered the longer the more there are:
 * not at all for a handful, half a second for two thousand.
 */
export class PodBatches {
  readonly #queue: WorkQueue;
  readonly #sizes = new Map<string, number>();

  constructor(queue: WorkQueue) {
    this.#queue = queue;
  }

  add(key: string): void {
    const delayMs = Math.min(Math.floor((this.#sizes.get(key) ?? 0) / podsPerBatchMs), batchMsMax);
    if (delayMs === 0) this.#queue.add(key);
    else this.#queue.addAfter(key, delayMs);
  }

  /** How many pods the service had when it was last looked at. */
  seen(key: string, pods: number): void {
    this.#sizes.set(key, pods);
  }

  forget(key: string): void {
    this.#sizes.delete(key);
  }
}

export function selects(service: Service, pod: Pod): boolean {
  const selector = service.spec?.selector;
  return selector !== undefined && matchesLabels(selector, pod.metadata?.labels);
}

function sameEndpoint(a: Pod, b: Pod): boolean {
  return (
    a.metadata?.deletionTimestamp === b.metadata?.deletionTimestamp &&
    isPodReady(a) === isPodReady(b) &&
    isPodTerminal(a) === isPodTerminal(b) &&
    deepEqual(a.status?.podIPs, b.status?.podIPs) &&
    deepEqual(a.metadata?.labels, b.metadata?.labels) &&
    a.spec?.hostname === b.spec?.hostname &&
    a.spec?.subdomain === b.spec?.subdomain
  );
}

/** Has an address and has not finished. */
export function belongsInEndpoints(pod: Pod, includeTerminating: boolean): boolean {
  if (isPodTerminal(pod)) return false;
  if (!pod.status?.podIP && (pod.status?.podIPs ?? []).length === 0) return false;
  return includeTerminating || pod.metadata?.deletionTimestamp === undefined;
}

/** The pod's host name, when the service is the one its subdomain names. */
export function endpointHostname(pod: Pod, service: Service): string | undefined {
  const { hostname, subdomain } = pod.spec ?? {};
  if (!hostname || subdomain !== service.metadata?.name) return undefined;
  return pod.metadata?.namespace === service.metadata?.namespace ? hostname : undefined;
}

/** The number behind the service port on this pod; undefined when the pod has no port of that name. */
export function targetPort(pod: Pod, port: ServicePort): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target;
  const sidecars = (pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars]) {
    const match = container.ports?.find(
      (candidate) => candidate.name === target && (candidate.protocol ?? 'TCP') === (port.protocol ?? 'TCP'),
    );
    if (match) return match.containerPort;
  }
  return undefined;
}

export function hasClusterIp(service: Service): boolean {
  const clusterIp = service.spec?.clusterIP;
  return clusterIp !== undefined && clusterIp !== '' && clusterIp !== 'None';
}
