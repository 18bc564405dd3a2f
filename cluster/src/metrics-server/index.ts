/** The resource metrics API, metrics.k8s.io: an aggregated server as metrics-server is one, in this process. */
export { metricsServerUser, startMetricsServer } from './metrics-server.ts';
