export type { MetricRegistry } from './registry.ts';
export { createRequestMetrics, type RequestMetrics } from './request-metrics.ts';
