interface Interval {
  readonly first: number;
  readonly last: number;
}

/** A set of completion indexes, kept and written as intervals: `1,3-5,7`. */
export class IndexSet {
  readonly #intervals: readonly Interval[];

  private constructor(intervals: readonly Interval[]) {
    this.#intervals = intervals;
  }

  static readonly empty = new IndexSet([]);

  static of(indexes: Iterable<number>): IndexSet {
    return IndexSet.empty.with(indexes);
  }

  /** Reads `1,3-5`; what lies at or above `completions` is left out. */
  static parse(text: string | undefined, completions: number): IndexSet {
    if (!text) return IndexSet.empty;
    const intervals: Interval[] = [];
    for (const part of text.split(',')) {
      const match = /^(\d+)(?:-(\d+))?$/.exec(part);
      if (!match) continue;
      const first = Number(match[1]);
      if (first >= completions) break;
      intervals.push({ first, last: Math.min(match[2] === undefined ? first : Number(match[2]), completions - 1) });
    }
    return new IndexSet(joined(intervals));
  }

  with(indexes: Iterable<number>): IndexSet {
    return this.merge(
      new IndexSet(joined([...indexes].sort((a, b) => a - b).map((index) => ({ first: index, last: index })))),
    );
  }

  merge(other: IndexSet): IndexSet {
    if (other.#intervals.length === 0) return this;
    return new IndexSet(joined([...this.#intervals, ...other.#intervals].sort((a, b) => a.first - b.first)));
  }

  has(index: number): boolean {
    return this.#intervals.some(({ first, last }) => first <= index && index <= last);
  }

  get total(): number {
    return this.#intervals.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  }

  /** How many indexes are in both. */
  overlap(other: IndexSet): number {
    let count = 0;
    for (const a of this.#intervals) {
      for (const b of other.#intervals) {
        count += Math.max(0, Math.min(a.last, b.last) - Math.max(a.first, b.first) + 1);
      }
    }
    return count;
  }

  /** The first `count` indexes below `completions` that are not in the set. */
  firstMissing(count: number, completions: number): number[] {
    const missing: number[] = [];
    let candidate = 0;
    for (const { first, last } of this.#intervals) {
      for (; candidate < first && candidate < completions && missing.length < count; candidate++)
        missing.push(candidate);
      candidate = Math.max(candidate, last + 1);
    }
    for (; candidate < completions && missing.length < count; candidate++) missing.push(candidate);
    return missing;
  }

  toString(): string {
    return this.#intervals
      .map(({ first, last }) => (first === last ? `${first}` : `${first}${last === first + 1 ? ',' : '-'}${last}`))
      .join(',');
  }
}

/** Intervals in order of their beginnings, with those that touch or overlap made one. */
function joined(intervals: readonly Interval[]): Interval[] {
  const result: Interval[] = [];
  for (const interval of intervals) {
    const previous = result.at(-1);
    if (previous && interval.first <= previous.last + 1) {
      result[result.length - 1] = { first: previous.first, last: Math.max(previous.last, interval.last) };
    } else result.push(interval);
  }
  return result;
}
