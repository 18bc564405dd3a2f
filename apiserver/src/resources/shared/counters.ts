import { type FieldError, field } from '@coracle/apimachinery/errors';
import { validateNonNegative } from '@coracle/apimachinery/validation';

type Counters = Readonly<Record<string, unknown>>;

function numberOf(status: Counters, name: string): number {
  const value = status[name];
  return typeof value === 'number' ? value : 0;
}

/** Counters of a status, none below 0. */
export function validateCounters(status: object | undefined, names: readonly string[], path: string): FieldError[] {
  const counters = (status ?? {}) as Counters;
  return names.flatMap((name) => validateNonNegative(numberOf(counters, name), `${path}.${name}`));
}

/** Counters that cannot be larger than another one of the same status. */
export function validateNotAbove(
  status: object | undefined,
  names: readonly string[],
  limit: string,
  message: string,
  path: string,
): FieldError[] {
  const counters = (status ?? {}) as Counters;
  const most = numberOf(counters, limit);
  return names
    .filter((name) => numberOf(counters, name) > most)
    .map((name) => field.invalid(`${path}.${name}`, numberOf(counters, name), message));
}

/** `status.collisionCount` only ever grows. */
export function validateCollisionCount(
  status: { collisionCount?: number } | undefined,
  old: { collisionCount?: number } | undefined,
): FieldError[] {
  const count = status?.collisionCount ?? 0;
  const decremented = old?.collisionCount !== undefined && count < old.collisionCount;
  return decremented ? [field.invalid('status.collisionCount', count, 'cannot be decremented')] : [];
}
