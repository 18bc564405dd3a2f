/** A size or cost that lies between two numbers; what goes over `unbounded` stays there (cel-go checker/cost.go). */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Go's largest uint64: a size of which nothing is known. */
export const unbounded = 2 ** 64;

const clamp = (value: number): number => (value >= unbounded || Number.isNaN(value) ? unbounded : value);

export const fixed = (value: number): Range => ({ min: value, max: value });
export const unknownSize: Range = { min: 0, max: unbounded };
export const none: Range = fixed(0);

export const add = (a: Range, b: Range): Range => ({ min: clamp(a.min + b.min), max: clamp(a.max + b.max) });

export const multiply = (a: Range, b: Range): Range => ({
  min: a.min === 0 || b.min === 0 ? 0 : clamp(a.min * b.min),
  max: a.max === 0 || b.max === 0 ? 0 : clamp(a.max * b.max),
});

/** Times a factor, rounded up. */
export const scale = ({ min, max }: Range, factor: number): Range => ({
  min: clamp(Math.ceil(min * factor)),
  max: clamp(Math.ceil(max * factor)),
});

export const union = (a: Range, b: Range): Range => ({ min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) });

export const sum = (ranges: readonly Range[]): Range => ranges.reduce(add, none);
