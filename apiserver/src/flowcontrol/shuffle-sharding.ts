import { createHash } from 'node:crypto';

/** What a flow's queues are drawn from: 64 bits that are the same for the same flow in every server. */
export function hashOfFlow(schemaName: string, distinguisher: string): bigint {
  return createHash('sha256').update(`${schemaName}\0${distinguisher}`).digest().readBigUInt64LE();
}

/**
 * The queues of one flow: `handSize` different numbers below `deckSize`, drawn by the hash as cards from a deck. Two flows
 * rarely share a whole hand, so a flow that fills its queues leaves others one that is free.
 * Source: KEP-1040 (shuffle sharding), k8s.io/apiserver pkg/util/shufflesharding.
 */
export function dealHand(hash: bigint, deckSize: number, handSize: number): number[] {
  const hand: number[] = [];
  let entropy = hash;
  for (let drawn = 0; drawn < handSize; drawn++) {
    const left = BigInt(deckSize - drawn);
    hand.push(cardAt(Number(entropy % left), hand));
    entropy /= left;
  }
  return hand;
}

/** The card at a place of the deck that the cards of `taken` have left. */
function cardAt(place: number, taken: readonly number[]): number {
  let card = place;
  for (const other of [...taken].sort((a, b) => a - b)) if (card >= other) card++;
  return card;
}
