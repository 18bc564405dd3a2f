import { deepEqual } from '@coracle/apimachinery/json';
import type { SchemaObject } from './flow.ts';
import type { LevelObject } from './level.ts';

type Configured = Pick<SchemaObject, 'spec'> | Pick<LevelObject, 'spec'>;

/** Whether two objects say the same of what the server fixes: the shares of the exempt level are the administrator's to set. */
export function sameSpec(wanted: Configured, current: Configured): boolean {
  return deepEqual(fixedPart(wanted), fixedPart(current));
}

function fixedPart({ spec }: Configured): unknown {
  const fixed = 'exempt' in spec && spec.exempt ? { ...spec, exempt: {} } : spec;
  return withoutZeros(fixed);
}

/** Without what means the same as its absence in these kinds: null, false, the empty text and the empty list. */
function withoutZeros(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutZeros);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, each]) => !isZero(each));
  return Object.fromEntries(kept.map(([name, each]) => [name, withoutZeros(each)]));
}

function isZero(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === null || value === undefined || value === false || value === '';
}
