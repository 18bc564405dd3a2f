import type { Difference } from './differences.ts';

/** A known difference, or many that have one reason. */
export interface Listed {
  /** Keys joined by ` > `; in a key `*` is any text, and `**` is any number of keys. */
  readonly at: string;
  readonly reason: string;
}

export interface Verdict {
  /** Differences that nothing lists, as lines. */
  readonly unlisted: readonly string[];
  /** Entries that no difference matches any more: they must go. */
  readonly stale: readonly string[];
}

/** Holds differences against the list. */
export function judge(differences: readonly Difference[], listed: readonly Listed[]): Verdict {
  const matchers = listed.map(({ at }) => ({ at, pattern: patternOf(at), used: false }));
  const unlisted: string[] = [];
  for (const difference of differences) {
    const place = difference.at.join(' > ');
    const matching = matchers.filter(({ pattern }) => pattern.test(`${place} > `));
    for (const matcher of matching) matcher.used = true;
    if (matching.length === 0)
      unlisted.push(`${place}: theirs ${brief(difference.theirs)}, ours ${brief(difference.ours)}`);
  }
  return { unlisted, stale: matchers.filter(({ used }) => !used).map(({ at }) => at) };
}

function patternOf(at: string): RegExp {
  const keys = at.split(' > ').map((key) => {
    if (key === '**') return '(?:.* > )?';
    return `${key.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '(?:(?! > ).)*')} > `;
  });
  return new RegExp(`^${keys.join('')}$`);
}

const briefCharactersMax = 160;

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > briefCharactersMax ? `${text.slice(0, briefCharactersMax)}…` : text;
}
