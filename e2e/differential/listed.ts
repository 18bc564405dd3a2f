import type { Exchange } from './scenario.ts';
import { type ListedDifference, listedDifferences } from './listed-differences.ts';

export type { ListedDifference };
export { listedDifferences };

export interface Judgement {
  readonly agreeing: number;
  readonly listed: number;
  readonly unlisted: readonly Exchange[];
  /** Entries that no exchange has shown. */
  readonly stale: readonly ListedDifference[];
}

export function judge(exchanges: readonly Exchange[], entries: readonly ListedDifference[]): Judgement {
  const seen = new Set<ListedDifference>();
  const differing = exchanges.filter(({ differences }) => differences.length > 0);
  const unlisted = differing.filter((exchange) => {
    const entry = entries.find((each) => covers(each, exchange));
    if (entry !== undefined) seen.add(entry);
    return entry === undefined;
  });
  return {
    agreeing: exchanges.length - differing.length,
    listed: differing.length - unlisted.length,
    unlisted,
    stale: entries.filter((entry) => !seen.has(entry) && entry.sometimes !== true),
  };
}

function covers(entry: ListedDifference, { kind, verb, differences }: Exchange): boolean {
  const [first] = differences;
  const texts: [RegExp | undefined, unknown][] = [
    [entry.kind, kind],
    [entry.verb, verb],
    [entry.path, first?.path],
    [entry.reference, first?.reference],
    [entry.own, first?.own],
  ];
  return texts.every(
    ([pattern, value]) =>
      pattern === undefined || pattern.test(typeof value === 'string' ? value : String(JSON.stringify(value))),
  );
}
