export type * from './cri.ts';
export { RuntimeFailure } from './cri.ts';
export { type CriRuntimeOptions, createCriRuntime } from './cri-grpc/cri-runtime.ts';
export { createHollowRuntime, type HollowRuntimeOptions } from './fake/hollow-runtime.ts';
