import type { Strategy } from '../shared/registry.ts';
import { cronJobStrategy } from './cronjob/strategy.ts';
import { jobStrategy } from './job/strategy.ts';

/** Kinds of the group `batch`. */
export const strategies: readonly Strategy[] = [cronJobStrategy, jobStrategy];
