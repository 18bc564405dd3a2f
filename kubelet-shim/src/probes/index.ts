/** Liveness, readiness and startup: a pure state machine a probe, and the asking. */
export { createContentProbes, createPodProbes, type PodProbesDependencies } from './pod-probes.ts';
export { describe, getOnce, headersOf, resolvePort, urlOf } from './handlers.ts';
