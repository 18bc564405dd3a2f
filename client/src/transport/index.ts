export { createHttpTransport, type HttpTransportOptions } from './http-transport.ts';
export {
  createLoopbackTransport,
  type LoopbackHandle,
  type LoopbackRequest,
  type LoopbackResponse,
  type LoopbackUser,
} from './loopback-transport.ts';
export { failureOf, isFailureStatus, unreachable } from './failure.ts';
export type * from './transport.ts';
