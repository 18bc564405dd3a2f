/** The node's own API on :10250, thin over streaming and pods. */
export { type NodeServerDependencies, type RunningNodeServer, startNodeServer } from './node-server.ts';
