import { scoreMax } from './plugin.ts';

/** Scales counts to 0…100 by the greatest of them; `reverse` where fewer is better (plugins/helper/normalize_score.go). */
export function normalize(scores: Float64Array, reverse: boolean): void {
  let most = 0;
  for (const score of scores) if (score > most) most = score;
  if (most === 0) {
    if (reverse) scores.fill(scoreMax);
    return;
  }
  for (let at = 0; at < scores.length; at++) {
    const share = Math.trunc((scoreMax * (scores[at] as number)) / most);
    scores[at] = reverse ? scoreMax - share : share;
  }
}
