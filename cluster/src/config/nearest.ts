/** More edits than this many of its letters and a word is another word, not a misspelt one. */
const editedShareMax = 0.5;

/** The word of `known` that somebody probably meant; case and dashes do not count. Undefined where none is near. */
function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const edits = editDistance(plain(word), plain(candidate));
    if (edits >= fewest || edits > Math.max(word.length, candidate.length) * editedShareMax) continue;
    [best, fewest] = [candidate, edits];
  }
  return best;
}

/** `: did you mean "port"?`, or what to say where no word is near. */
export function suggestion(word: string, known: Iterable<string>, otherwise: string): string {
  const meant = nearest(word, known);
  return meant === undefined ? `: ${otherwise}` : `: did you mean "${meant}"?`;
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll('-', '');
}

/** Levenshtein's: letters put in, left out or exchanged. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const exchanged = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(exchanged, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
