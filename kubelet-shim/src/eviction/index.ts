/** What a node does before it runs out of memory, disk or processes. */
export { admitUnderPressure } from './admission.ts';
export { type EvictionDependencies, startEvictionManager } from './eviction-manager.ts';
export { createNodePressure, type NodePressure } from './node-pressure.ts';
export type { EvictionSettings, PressureCondition, StarvedResource } from './thresholds.ts';
