/** A server in this process, and what tests of it send. */
export { startTestApiServer, type TestApiServer, type TestApiServerOptions } from './test-api-server.ts';
export { freePort } from './free-port.ts';
export { type RawAnswer, type RawCall, rawRequest, toRequest } from './raw-request.ts';
export { TestIssuer } from './test-issuer.ts';
