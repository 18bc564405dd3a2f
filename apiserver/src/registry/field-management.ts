import type { Clock } from '@coracle/apimachinery/clock';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { ServedResource } from './served-resource.ts';
import type { FieldPath } from './strategy.ts';

/** Keeps metadata.managedFields of one write true. Objects are in storage version. */
export interface FieldManagement {
  /**
   * Records on `object`, in place, which fields this write set. `live` is what is stored now; undefined on a create.
   * Never fails: what cannot be understood is left out.
   */
  update(live: KubernetesObject | undefined, object: KubernetesObject): void;
  /**
   * Server-side apply: the object, private and with defaults set, that results from merging `intent` (in the served version)
   * into what is stored. Throws Conflict where others own what it changes, unless forced; BadRequest for a bad intent.
   */
  apply(live: KubernetesObject | undefined, intent: KubernetesObject, force: boolean): KubernetesObject;
}

export interface FieldManagementOptions {
  readonly manager: string;
  readonly subresource: string;
  /** Fields that this endpoint puts back, which the client therefore does not own; undefined for those of the resource. */
  readonly resetFields: readonly FieldPath[] | undefined;
  readonly clock: Clock;
}

/** The field management of a write; undefined for kinds that are answered and never stored. */
export function fieldManagementFor(
  _resource: ServedResource,
  _options: FieldManagementOptions,
): FieldManagement | undefined {
  return undefined;
}
