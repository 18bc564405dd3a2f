export interface EqualityOptions {
  /** Takes `0`, `''` and `false` for absent, as counts and texts of a status are on the wire. */
  readonly zeroIsAbsent?: boolean;
}

/** Deep equality of plain data where an empty list or map is the same as an absent one. */
export function deepEqual(a: unknown, b: unknown, options: EqualityOptions = {}): boolean {
  if (a === b) return true;
  if (isAbsent(a, options)) return isAbsent(b, options);
  if (isAbsent(b, options)) return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => deepEqual(item, b[index], options));
  }
  if (typeof a !== 'object' || typeof b !== 'object' || Array.isArray(b)) return false;
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  for (const key in left) if (!deepEqual(left[key], right[key], options)) return false;
  for (const key in right) if (!(key in left) && !isAbsent(right[key], options)) return false;
  return true;
}

/** Equality of two statuses: a count of zero is not written. */
export function statusEqual(a: unknown, b: unknown): boolean {
  return deepEqual(a, b, { zeroIsAbsent: true });
}

function isAbsent(value: unknown, options: EqualityOptions): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === 'object') {
    if (Array.isArray(value)) return value.length === 0;
    for (const key in value) if (!isAbsent((value as Record<string, unknown>)[key], options)) return false;
    return true;
  }
  return options.zeroIsAbsent === true && (value === 0 || value === '' || value === false);
}
