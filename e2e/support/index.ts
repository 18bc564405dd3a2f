/** What whole-cluster tests share: upstream's programs, a cluster of the real command, load, patience. */
export { adminTls, type ApiAnswer, ApiCaller, mergePatchHeaders, post } from './api-caller.ts';
export { ChildPrograms } from './child-programs.ts';
export { eventually } from './eventually.ts';
export { httpGet, startLoad } from './http-load.ts';
export { type ImageRegistry, startImageRegistry } from './image-registry.ts';
export { containerObstacle, skipBecause } from './machine.ts';
export { type OwnApiServer, startOwnApiServer } from './own-api-server.ts';
export {
  clientObstacle,
  coracleProgram,
  type ClientProgram,
  clientProgram,
  mustRun,
  type Outcome,
  referenceObstacle,
  repository,
  type RunOptions,
  runProgram,
  upstreamObstacle,
  upstreamProgram,
} from './programs.ts';
export { rawStatus } from './raw-status.ts';
export {
  advertiseAddress,
  createReferenceKeys,
  type ReferenceKeys,
  type RunningEtcd,
  startEtcd,
  startReferenceControlPlane,
} from './reference-control-plane.ts';
export { askBoth, type ServerPair, startServerPair } from './server-pair.ts';
export { inUse, type Memory, ServerProcess } from './server-process.ts';
export { startedBefore } from './started-before.ts';
export {
  applicationImages,
  applicationLayout,
  conformanceLayout,
  loadApplicationImages,
  loadImages,
  startTestCluster,
  type TestCluster,
} from './test-cluster.ts';
