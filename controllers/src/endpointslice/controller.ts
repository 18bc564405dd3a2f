import { EndpointSlices, Nodes, Pods, Services } from '@coracle/apimachinery/resources';
import type { EndpointSlice } from '@coracle/apimachinery/types/discovery-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import { queueSelf, type StartController, splitKey } from '../runtime/index.ts';
import { Expectations, isTerminating, messageOf } from '../shared/index.ts';
import { isManagedSlice, planSlices, sliceLabels } from './reconcile.ts';
import { PodBatches, podHandler, selects } from './service-pods.ts';
import { triggerTimeAnnotation, TriggerTimes } from './trigger-time.ts';
import { writeSlices } from './write-slices.ts';

const serviceIndex = 'service';

export const startEndpointSlice: StartController = ({ client, informers, events, clock, loop }) => {
  const services = informers.for(Services);
  const pods = informers.for(Pods);
  const nodes = informers.for(Nodes);
  const slices = informers.for(EndpointSlices);
  const expectations = new Expectations(clock);
  const triggerTimes = new TriggerTimes();
  const queue: WorkQueue = loop({ reconcile });
  const batches = new PodBatches(queue);

  services.addHandler(queueSelf(queue));
  pods.addHandler(podHandler(services.lister, batches));
  slices.addIndex(serviceIndex, (slice) => [serviceKey(slice)]);
  slices.addHandler({
    added(slice) {
      if (!isManagedSlice(slice)) return;
      expectations.creationObserved(serviceKey(slice));
      queue.add(serviceKey(slice));
    },
    updated(slice, previous) {
      if (isManagedSlice(previous)) queue.add(serviceKey(previous));
      if (isManagedSlice(slice)) queue.add(serviceKey(slice));
    },
    deleted(slice) {
      if (!isManagedSlice(slice)) return;
      expectations.deletionObserved(serviceKey(slice), slice.metadata?.uid ?? '');
      queue.add(serviceKey(slice));
    },
  });

  async function reconcile(key: string): Promise<void> {
    const { name, namespace } = splitKey(key);
    const service = services.lister.get(name, namespace);
    if (!service) {
      triggerTimes.forget(key);
      batches.forget(key);
      return expectations.forget(key);
    }
    if (service.spec?.type === 'ExternalName' || !service.spec?.selector || isTerminating(service)) return;
    if (!expectations.satisfied(key)) return;
    const selected = pods.lister.list(namespace).filter((pod) => selects(service, pod));
    batches.seen(key, selected.length);
    const plan = planSlices({
      service,
      pods: selected,
      slices: slices.lister
        .byIndex(serviceIndex, key)
        .filter((slice) => isManagedSlice(slice) && !isTerminating(slice)),
      nodeOf: (nodeName) => nodes.lister.get(nodeName),
    });
    const trigger = triggerTimes.next(service, selected);
    try {
      await writeSlices(
        client,
        key,
        {
          create: plan.create.map((slice) => withTrigger(slice, trigger)),
          update: plan.update.map((slice) => withTrigger(slice, trigger)),
          delete: plan.delete,
        },
        expectations,
      );
    } catch (error) {
      const message = `Error updating Endpoint Slices for Service ${key}: ${messageOf(error)}`;
      events.event(service, 'Warning', 'FailedToUpdateEndpointSlices', message);
      throw error;
    }
    if (plan.skippedPods.length > 0) {
      throw new Error(`service ${key}: the nodes of pods ${plan.skippedPods.join(', ')} are not known yet`);
    }
  }
};

export function serviceKey(slice: EndpointSlice): string {
  return `${slice.metadata?.namespace}/${slice.metadata?.labels?.[sliceLabels.serviceName] ?? ''}`;
}

function withTrigger(slice: EndpointSlice, trigger: string | undefined): EndpointSlice {
  const { [triggerTimeAnnotation]: _, ...kept } = slice.metadata?.annotations ?? {};
  const annotations = trigger ? { ...kept, [triggerTimeAnnotation]: trigger } : kept;
  return { ...slice, metadata: { ...slice.metadata, annotations } };
}
