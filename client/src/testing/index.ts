/** Time and randomness that a test moves itself. */
export { createSeededRandom } from './seeded-random.ts';
export { createVirtualClock, type VirtualClock } from './virtual-clock.ts';
