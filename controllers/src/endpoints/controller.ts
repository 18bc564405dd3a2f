import { Endpoints, Pods, Services } from '@coracle/apimachinery/resources';
import type { WorkQueue } from '@coracle/client/workqueue';
import { PodBatches, podHandler, selects, TriggerTimes } from '../endpointslice/index.ts';
import { queueSelf, type StartController, splitKey } from '../runtime/index.ts';
import { ignoreNotFound, isNamespaceTerminating, messageOf } from '../shared/index.ts';
import { planEndpoints } from './reconcile.ts';

const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader';

export const startEndpoints: StartController = ({ client, informers, events, loop, onSynced }) => {
  const services = informers.for(Services);
  const pods = informers.for(Pods);
  const endpoints = informers.for(Endpoints);
  const triggerTimes = new TriggerTimes();
  const queue: WorkQueue = loop({ reconcile });
  const batches = new PodBatches(queue);

  services.addHandler(queueSelf(queue));
  pods.addHandler(podHandler(services.lister, batches));
  endpoints.addHandler({ deleted: (object) => queue.add(`${object.metadata?.namespace}/${object.metadata?.name}`) });
  // Endpoints whose service went while nobody looked. Those of leader elections were never a service's.
  onSynced(() => {
    for (const { metadata } of endpoints.lister.list()) {
      if (!metadata?.annotations?.[leaderAnnotation]) queue.add(`${metadata?.namespace}/${metadata?.name}`);
    }
  });

  async function reconcile(key: string): Promise<void> {
    const { name, namespace = '' } = splitKey(key);
    const service = services.lister.get(name, namespace);
    const current = endpoints.lister.get(name, namespace);
    if (!service) {
      triggerTimes.forget(key);
      batches.forget(key);
      if (current) await ignoreNotFound(client.delete(Endpoints, { name, namespace }));
      return;
    }
    if (service.spec?.type === 'ExternalName' || !service.spec?.selector) return;
    const selected = pods.lister.list(namespace).filter((pod) => selects(service, pod));
    batches.seen(key, selected.length);
    const wanted = planEndpoints(service, selected, current, triggerTimes.next(service, selected));
    if (!wanted) return;
    try {
      await (current ? client.update(Endpoints, wanted) : client.create(Endpoints, wanted));
    } catch (error) {
      if (isNamespaceTerminating(error)) return;
      if (current) {
        events.event(
          wanted,
          'Warning',
          'FailedToUpdateEndpoint',
          `Failed to update endpoint ${key}: ${messageOf(error)}`,
        );
      } else {
        const message = `Failed to create endpoint for service ${key}: ${messageOf(error)}`;
        events.event(wanted, 'Warning', 'FailedToCreateEndpoint', message);
      }
      throw error;
    }
  }
};
