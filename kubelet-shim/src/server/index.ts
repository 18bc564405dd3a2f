export { type NodeServerDependencies, type RunningNodeServer, startNodeServer } from './node-server.ts';
