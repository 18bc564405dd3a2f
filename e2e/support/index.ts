/** What whole-cluster tests share: upstream's programs, a cluster of the real command, load, patience. */
export { type ApiAnswer, type ApiCall, ApiCaller } from './api-caller.ts';
export { ChildPrograms, freePort } from './child-programs.ts';
export { eventually } from './eventually.ts';
export { httpGet, type LoadResult, startLoad } from './http-load.ts';
export { type ImageRegistry, startImageRegistry } from './image-registry.ts';
export { containerObstacle, skipBecause } from './machine.ts';
export { type OwnApiServer, type OwnApiServerOptions, startOwnApiServer } from './own-api-server.ts';
export {
  clientObstacle,
  type ClientProgram,
  clientProgram,
  mustRun,
  type Outcome,
  referenceObstacle,
  repository,
  type RunOptions,
  runProgram,
  toolsFolder,
  upstreamObstacle,
  upstreamProgram,
} from './programs.ts';
export {
  createReferenceKeys,
  type ReferenceControlPlane,
  type ReferenceKeys,
  type ReferenceOptions,
  type RunningEtcd,
  startEtcd,
  startReferenceControlPlane,
} from './reference-control-plane.ts';
export { type ServerPair, startServerPair } from './server-pair.ts';
export { type Memory, ServerProcess } from './server-process.ts';
export {
  applicationImages,
  applicationLayout,
  conformanceLayout,
  loadApplicationImages,
  loadImages,
  startTestCluster,
  type TestCluster,
} from './test-cluster.ts';
