/** For tests of whatever speaks to the API: an API in memory, time that a test moves, randomness from a seed. */
export { createMemoryApi, type MemoryApi, type SeenRequest } from './memory-api.ts';
export { createSeededRandom } from './seeded-random.ts';
export { testEnvironment, type TestEnvironment } from './test-environment.ts';
export { createVirtualClock, type VirtualClock } from './virtual-clock.ts';
