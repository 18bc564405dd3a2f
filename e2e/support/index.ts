/** What whole-cluster tests share: upstream's programs, a cluster of the real command, load, patience. */
export { eventually } from './eventually.ts';
export { httpGet, type LoadResult, startLoad } from './http-load.ts';
export { containerObstacle, skipBecause } from './machine.ts';
export {
  mustRun,
  type Outcome,
  repository,
  runProgram,
  toolsFolder,
  upstreamObstacle,
  upstreamProgram,
} from './programs.ts';
export {
  applicationImages,
  loadApplicationImages,
  loadConformanceImages,
  startTestCluster,
  type TestCluster,
} from './test-cluster.ts';
