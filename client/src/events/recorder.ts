import type { KubernetesObject } from '@coracle/apimachinery/meta';

/** Writes core/v1 Events, aggregated and rate limited as client-go does; never throws, never waits. */
export interface EventRecorder {
  event(object: KubernetesObject, type: 'Normal' | 'Warning', reason: string, message: string): void;
}
