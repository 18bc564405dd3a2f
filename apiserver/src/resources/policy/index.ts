import type { Strategy } from '../shared/registry.ts';
import { podDisruptionBudgetStrategy } from './pod-disruption-budget.ts';

/** Kinds of the group `policy`. */
export const strategies: readonly Strategy[] = [podDisruptionBudgetStrategy];
