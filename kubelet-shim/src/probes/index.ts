export { createContentProbes, createPodProbes, type PodProbesDependencies } from './pod-probes.ts';
export { describe, getOnce, headersOf, resolvePort, urlOf } from './handlers.ts';
