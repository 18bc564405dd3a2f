/** Endpoints (v1) of services that select pods. */
export { startEndpoints } from './controller.ts';
export { repackSubsets } from './subsets.ts';
