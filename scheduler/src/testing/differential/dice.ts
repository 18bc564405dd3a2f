import { createSeededRandom } from '@coracle/client/testing';

/** Choices that are the same for the same seed. */
export interface Dice {
  /** True in this share of all cases. */
  chance(share: number): boolean;
  pick<T>(...choices: readonly T[]): T;
  /** From 0 to `limit` - 1. */
  below(limit: number): number;
}

export function dice(seed: number): Dice {
  const random = createSeededRandom(seed);
  const below = (limit: number) => Math.floor(random.next() * limit);
  return {
    below,
    chance: (share) => random.next() < share,
    pick: (...choices) => {
      const choice = choices[below(choices.length)];
      if (choice === undefined) throw new Error('nothing to pick from');
      return choice;
    },
  };
}
