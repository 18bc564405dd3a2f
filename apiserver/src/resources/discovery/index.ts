import type { Strategy } from '../shared/registry.ts';
import { endpointSliceStrategy } from './endpoint-slice.ts';

/** Kinds of the group `discovery.k8s.io`. */
export const strategies: readonly Strategy[] = [endpointSliceStrategy];
