import { Endpoints, EndpointSlices, Services } from '@coracle/apimachinery/resources';
import type { EndpointSlice } from '@coracle/apimachinery/types/discovery-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import { sliceLabels, writeSlices } from '../endpointslice/index.ts';
import { queueSelf, type StartController, splitKey } from '../runtime/index.ts';
import { Expectations, isTerminating } from '../shared/index.ts';
import { isMirroredSlice, planMirror, shouldMirror } from './reconcile.ts';

const mirrorIndex = 'mirrored-service';

export const startEndpointSliceMirroring: StartController = ({ client, informers, events, clock, loop }) => {
  const services = informers.for(Services);
  const endpoints = informers.for(Endpoints);
  const slices = informers.for(EndpointSlices);
  const expectations = new Expectations(clock);
  const queue: WorkQueue = loop({ reconcile });

  services.addHandler(queueSelf(queue));
  endpoints.addHandler(queueSelf(queue));
  slices.addIndex(mirrorIndex, (slice) => (isMirroredSlice(slice) ? [ownerKey(slice)] : []));
  slices.addHandler({
    added(slice) {
      if (!isMirroredSlice(slice)) return;
      expectations.creationObserved(ownerKey(slice));
      queue.add(ownerKey(slice));
    },
    updated(slice, previous) {
      for (const state of [previous, slice]) if (isMirroredSlice(state)) queue.add(ownerKey(state));
    },
    deleted(slice) {
      if (!isMirroredSlice(slice)) return;
      expectations.deletionObserved(ownerKey(slice), slice.metadata?.uid ?? '');
      queue.add(ownerKey(slice));
    },
  });

  async function reconcile(key: string): Promise<void> {
    const { name, namespace } = splitKey(key);
    if (!expectations.satisfied(key)) return;
    const source = endpoints.lister.get(name, namespace);
    const service = services.lister.get(name, namespace);
    const mirrored = slices.lister.byIndex(mirrorIndex, key).filter((slice) => !isTerminating(slice));
    if (!source || !service || service.spec?.selector || !shouldMirror(source)) {
      return writeSlices(client, key, { create: [], update: [], delete: [...mirrored] }, expectations);
    }
    if (isTerminating(source)) return;
    const plan = planMirror(source, mirrored);
    if (plan.invalidAddresses > 0) {
      const message = `Skipped ${plan.invalidAddresses} invalid IP addresses when mirroring to EndpointSlices`;
      events.event(source, 'Warning', 'InvalidIPAddress', message);
    }
    if (plan.skippedAddresses > 0) {
      const message =
        'A max of 1000 addresses can be mirrored to EndpointSlices per Endpoints subset. ' +
        `${plan.skippedAddresses} addresses were skipped`;
      events.event(source, 'Warning', 'TooManyAddressesToMirror', message);
    }
    await writeSlices(client, key, plan, expectations);
  }
};

function ownerKey(slice: EndpointSlice): string {
  return `${slice.metadata?.namespace}/${slice.metadata?.labels?.[sliceLabels.serviceName] ?? ''}`;
}
