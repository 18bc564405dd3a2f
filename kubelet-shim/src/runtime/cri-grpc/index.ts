/** A container runtime behind its socket. Has a door of its own: gRPC takes a tenth of a second to load, and hollow nodes do without. */
export { type CriRuntimeOptions, createCriRuntime } from './cri-runtime.ts';
