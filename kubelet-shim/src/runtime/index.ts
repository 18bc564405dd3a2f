export type * from './cri.ts';
export { RuntimeFailure } from './cri.ts';
export { type CriRuntimeOptions, createCriRuntime } from './cri-grpc/cri-runtime.ts';
export {
  createHollowRuntime,
  endsByItself,
  type HollowRuntimeOptions,
  hollowExitAfterAnnotation,
  hollowExitCodeAnnotation,
  type Lifetime,
  runsToCompletionAnnotation,
} from './fake/hollow-runtime.ts';
