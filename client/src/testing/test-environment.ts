import { type Environment, silentLogger } from '@coracle/apimachinery/component';
import { createSeededRandom } from './seeded-random.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

export interface TestEnvironment extends Environment {
  readonly clock: VirtualClock;
}

/** A virtual clock, randomness from a seed, no log. */
export function testEnvironment(seed = 1): TestEnvironment {
  return { clock: createVirtualClock(), random: createSeededRandom(seed), log: silentLogger };
}
