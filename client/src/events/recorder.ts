import type { Running } from '@coracle/apimachinery/component';
import type { KubernetesObject } from '@coracle/apimachinery/meta';

/** Writes core/v1 Events, aggregated and rate limited as client-go does; never throws, never waits. */
export interface EventRecorder {
  /** `object` must carry apiVersion and kind, as everything does that an informer or a client hands out. */
  event(
    object: KubernetesObject,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    details?: EventDetails,
  ): void;
}

export interface EventDetails {
  /** The part of the object that is meant: `spec.containers{web}`. */
  readonly fieldPath?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** `stop` writes what is queued, then ends. */
export type RunningEventRecorder = EventRecorder & Running;
