/** What the server counts and measures, as Prometheus reads it. */
export type { MetricRegistry } from './registry.ts';
export { createRequestMetrics, type RequestMetrics } from './request-metrics.ts';
