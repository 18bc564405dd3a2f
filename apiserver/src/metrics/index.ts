/** What the server counts and measures, as Prometheus reads it. */
export { type AccessMetrics, createAccessMetrics } from './access-metrics.ts';
export { describeProcess } from './process-metrics.ts';
export { describeStored } from './stored-metrics.ts';
export type { MetricRegistry } from './registry.ts';
export { createRequestMetrics, type RequestMetrics } from './request-metrics.ts';
