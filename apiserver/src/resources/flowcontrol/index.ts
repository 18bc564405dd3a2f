import type { Strategy } from '../shared/registry.ts';
import { flowSchemaStrategy } from './flow-schema.ts';
import { priorityLevelConfigurationStrategy } from './priority-level-configuration.ts';

/** Kinds of the group `flowcontrol.apiserver.k8s.io`. */
export const strategies: readonly Strategy[] = [flowSchemaStrategy, priorityLevelConfigurationStrategy];
