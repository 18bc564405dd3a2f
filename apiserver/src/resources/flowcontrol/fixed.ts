import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { sameSpec } from '../../flowcontrol/same-spec.ts';

type Configured = KubernetesObject & Parameters<typeof sameSpec>[0];

/** What flow control cannot do without stays as it is. `shown` makes the spec as upstream prints it, `exception` the part that may change. */
export function validateFixed(
  object: Configured,
  mandatory: readonly Configured[],
  shown: () => object,
  exception: string,
): FieldError[] {
  const name = object.metadata?.name ?? '';
  const fixed = mandatory.find(({ metadata }) => metadata?.name === name);
  if (fixed === undefined || sameSpec(fixed, object)) return [];
  return [field.invalid('spec', shown(), `spec of '${name}'${exception} must equal the fixed value`)];
}
