import { IPAddresses, ServiceCIDRs } from '@coracle/apimachinery/resources';
import type { IPAddress, ServiceCIDR } from '@coracle/apimachinery/types/networking-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import { keyOf, queueEach, type StartController } from '../runtime/index.ts';
import { findCondition, formatTime, isTerminating, parseTime, setStatusCondition } from '../shared/index.ts';
import { contains, parseAddress, parsePrefix } from './prefix.ts';

const finalizer = 'networking.k8s.io/service-cidr-finalizer';
/** API servers may still be allocating from a range that was just deleted. */
const deletionGraceMs = 10_000;

/** Keeps ranges of service addresses for as long as an address of theirs, and of no other range, is in use. */
export const startServiceCidr: StartController = ({ client, informers, events, clock, loop }) => {
  const ranges = informers.for(ServiceCIDRs);
  const addresses = informers.for(IPAddresses);
  const queue: WorkQueue = loop({ workers: 1, reconcile });
  // A range that comes or goes may set another free or hold it.
  ranges.addHandler(queueEach(queue, (range: ServiceCIDR) => [keyOf(range), ...ranges.lister.list().map(keyOf)]));
  addresses.addHandler({
    deleted: () =>
      ranges.lister
        .list()
        .filter(isTerminating)
        .forEach((range) => queue.add(keyOf(range))),
  });

  async function reconcile(name: string): Promise<void> {
    const range = ranges.lister.get(name);
    if (!range) return;
    const finalizers = range.metadata?.finalizers ?? [];
    if (!isTerminating(range)) {
      const kept = finalizers.includes(finalizer) ? range : await setFinalizers(range, [...finalizers, finalizer]);
      return setReady(kept, 'True', '', 'Kubernetes Service CIDR is ready');
    }
    if (!finalizers.includes(finalizer)) return;
    if (isNeeded(range, ranges.lister.list(), addresses.lister.list())) {
      const message =
        'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR';
      return setReady(range, 'False', 'Terminating', message);
    }
    const wait = (parseTime(range.metadata?.deletionTimestamp) ?? 0) + deletionGraceMs - clock.now();
    if (wait > 0) return queue.addAfter(name, wait);
    await setFinalizers(
      range,
      finalizers.filter((other) => other !== finalizer),
    );
  }

  function setFinalizers(range: ServiceCIDR, finalizers: string[]): Promise<ServiceCIDR> {
    const { uid, resourceVersion, name = '' } = range.metadata ?? {};
    return client.patch(
      ServiceCIDRs,
      { name },
      { type: 'merge', body: { metadata: { uid, resourceVersion, finalizers } } },
    );
  }

  async function setReady(
    range: ServiceCIDR,
    status: 'True' | 'False',
    reason: string,
    message: string,
  ): Promise<void> {
    const current = findCondition(range.status?.conditions, 'Ready');
    if (current?.status === status && (current.reason ?? '') === reason && current.message === message) return;
    const condition = { type: 'Ready', status, reason, message, lastTransitionTime: formatTime(clock.now()) };
    const conditions = setStatusCondition(range.status?.conditions, condition);
    try {
      await client.update(
        ServiceCIDRs,
        { ...range, status: { ...range.status, conditions } },
        { subresource: 'status' },
      );
    } catch (error) {
      if (status === 'True') {
        events.event(
          range,
          'Warning',
          'KubernetesServiceCIDRError',
          'The ServiceCIDR Status can not be set to Ready=True',
        );
      }
      throw error;
    }
  }
};

/** An address of the range is in no other range that stays. */
export function isNeeded(range: ServiceCIDR, all: readonly ServiceCIDR[], addresses: readonly IPAddress[]): boolean {
  const own = prefixesOf(range);
  const others = all
    .filter((other) => other.metadata?.name !== range.metadata?.name && !isTerminating(other))
    .flatMap(prefixesOf);
  return addresses.some(({ metadata }) => {
    const address = parseAddress(metadata?.name ?? '');
    return own.some((prefix) => contains(prefix, address)) && !others.some((prefix) => contains(prefix, address));
  });
}

function prefixesOf({ spec }: ServiceCIDR) {
  return (spec?.cidrs ?? []).map(parsePrefix);
}
