import type { Strategy } from '../shared/registry.ts';
import { leaseStrategy } from './lease.ts';

/** Kinds of the group `coordination.k8s.io`. */
export const strategies: readonly Strategy[] = [leaseStrategy];
