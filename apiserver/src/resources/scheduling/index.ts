import type { Strategy } from '../shared/registry.ts';
import { priorityClassStrategy } from './priority-class.ts';

/** Kinds of the group `scheduling.k8s.io`. */
export const strategies: readonly Strategy[] = [priorityClassStrategy];
