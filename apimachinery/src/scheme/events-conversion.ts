import type { Event as CoreEvent } from '../generated/types/core-v1.ts';
import type { Event } from '../generated/types/events-v1.ts';
import type { KubernetesObject } from '../meta/index.ts';
import { defined } from './defined.ts';
import type { Conversion } from './conversion.ts';

/** Events of the core group and of events.k8s.io are the same objects under other field names (pkg/apis/events/v1). */
export const eventsConversion: Conversion = {
  kinds: [
    { group: '', kind: 'Event' },
    { group: 'events.k8s.io', kind: 'Event' },
  ],
  convert: (object, to): KubernetesObject =>
    to.group === '' ? toCore(object as Event) : toEvents(object as CoreEvent),
};

function toEvents(event: CoreEvent): Event {
  const {
    involvedObject,
    message,
    reportingComponent,
    reportingInstance,
    source,
    firstTimestamp,
    lastTimestamp,
    count,
    ...shared
  } = event;
  return defined({
    ...shared,
    apiVersion: 'events.k8s.io/v1',
    regarding: involvedObject,
    note: message,
    // Core writes these two even where they are empty.
    reportingController: reportingComponent || undefined,
    reportingInstance: reportingInstance || undefined,
    deprecatedSource: source,
    deprecatedFirstTimestamp: firstTimestamp,
    deprecatedLastTimestamp: lastTimestamp,
    deprecatedCount: count,
  }) as Event;
}

function toCore(event: Event): CoreEvent {
  const {
    regarding,
    note,
    reportingController,
    deprecatedSource,
    deprecatedFirstTimestamp,
    deprecatedLastTimestamp,
    deprecatedCount,
    ...shared
  } = event;
  return defined({
    ...shared,
    apiVersion: 'v1',
    involvedObject: regarding,
    message: note,
    reportingComponent: reportingController,
    source: deprecatedSource,
    firstTimestamp: deprecatedFirstTimestamp,
    lastTimestamp: deprecatedLastTimestamp,
    count: deprecatedCount,
  }) as CoreEvent;
}
