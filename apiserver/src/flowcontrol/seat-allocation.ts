export interface Claim {
  /** 0 ≤ lowerBound ≤ target, lowerBound ≤ upperBound. Seats. */
  readonly lowerBound: number;
  readonly upperBound: number;
  readonly target: number;
}

export interface Allocation {
  /** One number a claim, in their order; not rounded. */
  readonly seats: readonly number[];
  /** What every claim gets of its target where no bound stands in the way. */
  readonly fairFraction: number;
}

/** Nobody has a share of nothing: smaller targets count as this. */
const targetMin = 0.001;
const epsilon = 1e-7;

/**
 * Divides `total` seats so that each claim gets the same fraction of its target, within its bounds. Undefined where the
 * bounds make that impossible. Source: KEP-1040 (max-min fairness of seats), pkg/util/flowcontrol/conc_alloc.go.
 */
export function allocateSeats(total: number, claims: readonly Claim[]): Allocation | undefined {
  const targetOf = (claim: Claim) => Math.max(claim.target, targetMin);
  const share = (claim: Claim, fraction: number) =>
    Math.min(claim.upperBound, Math.max(claim.lowerBound, fraction * targetOf(claim)));
  const sumAt = (fraction: number) => claims.reduce((sum, claim) => sum + share(claim, fraction), 0);
  const result = (fairFraction: number) => ({ seats: claims.map((claim) => share(claim, fairFraction)), fairFraction });
  // Between two neighbouring fractions of this list the sum grows in a straight line.
  const corners = claims
    .flatMap((claim) => [claim.lowerBound / targetOf(claim), claim.upperBound / targetOf(claim)])
    .sort((a, b) => a - b);
  let below = corners[0] ?? 0;
  if (claims.length === 0 || total < sumAt(below) - epsilon) return undefined;
  for (const corner of corners) {
    const sum = sumAt(corner);
    if (sum < total - epsilon) {
      below = corner;
      continue;
    }
    const start = sumAt(below);
    if (sum - start < epsilon) return result(corner);
    return result(below + ((total - start) / (sum - start)) * (corner - below));
  }
  return undefined;
}
