/** A control plane for tests of controllers. */
export { namespace, startTestCluster, type TestCluster, type TestClusterOptions } from './test-cluster.ts';
export { testRequestPem, testSigning } from './test-signing.ts';
