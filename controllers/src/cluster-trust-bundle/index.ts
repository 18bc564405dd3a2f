/** The authority of the API server's certificate as a ClusterTrustBundle. */
export { startTrustBundlePublisher } from './controller.ts';
