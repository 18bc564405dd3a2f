/** Group versions that other API servers serve behind this one, and the APIService objects that say who serves what. */
export { Aggregation } from './aggregation.ts';
export { syncLocalServices } from './local-services.ts';
export { apiServiceStrategy } from './strategy.ts';
