import type { ComparableAnswer } from './answers.ts';

/** One thing that the two answers do not have in common; absent values are undefined. */
export interface Difference {
  /** `status`, `warnings`, `body.spec.ports[0].name`. */
  readonly path: string;
  readonly reference: unknown;
  readonly own: unknown;
}

const differencesMax = 12;

export function differencesOf(reference: ComparableAnswer, own: ComparableAnswer): Difference[] {
  const found: Difference[] = [];
  if (reference.status !== own.status) found.push({ path: 'status', reference: reference.status, own: own.status });
  compare('body', reference.body, own.body, found);
  compare('warnings', reference.warnings, own.warnings, found);
  return found.slice(0, differencesMax);
}

function compare(path: string, reference: unknown, own: unknown, found: Difference[]): void {
  if (Object.is(reference, own)) return;
  if (Array.isArray(reference) && Array.isArray(own)) {
    const length = Math.max(reference.length, own.length);
    for (let index = 0; index < length; index++) compare(`${path}[${index}]`, reference[index], own[index], found);
  } else if (isObject(reference) && isObject(own)) {
    for (const key of new Set([...Object.keys(reference), ...Object.keys(own)]))
      compare(`${path}.${key}`, reference[key], own[key], found);
  } else {
    found.push({ path, reference, own });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
