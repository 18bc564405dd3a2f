import type { Strategy } from '../shared/registry.ts';
import { runtimeClassStrategy } from './runtime-class.ts';

/** Kinds of the group `node.k8s.io`. */
export const strategies: readonly Strategy[] = [runtimeClassStrategy];
