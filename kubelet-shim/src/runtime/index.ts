export type * from './cri.ts';
export { RuntimeFailure, SessionFailure } from './cri.ts';
export {
  createHollowRuntime,
  endsByItself,
  type HollowRuntimeOptions,
  hollowExitAfterAnnotation,
  hollowExitCodeAnnotation,
  runsToCompletionAnnotation,
} from './fake/hollow-runtime.ts';
export { createHollowNetwork, type HollowNetwork } from './fake/hollow-network.ts';
export type { Lifetime } from './fake/pretend.ts';
