import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { ResourceRef } from '@coracle/apimachinery/schema';

/** The part of a core/v1 Event that a recorder writes. */
export interface CoreEvent extends KubernetesObject {
  involvedObject: EventTarget;
  type: string;
  reason: string;
  message: string;
  source: { component: string; host?: string };
  reportingComponent: string;
  reportingInstance: string;
  /** RFC 3339, whole seconds. */
  firstTimestamp: string;
  lastTimestamp: string;
  count: number;
}

export interface EventTarget {
  apiVersion?: string;
  kind?: string;
  namespace?: string;
  name?: string;
  uid?: string;
  resourceVersion?: string;
  fieldPath?: string;
}

export const coreEvents: ResourceRef<CoreEvent> = {
  group: '',
  version: 'v1',
  resource: 'events',
  kind: 'Event',
  namespaced: true,
};

/** RFC 3339 with whole seconds, as `metav1.Time` is written. */
export function timestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
