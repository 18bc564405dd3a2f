import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Environment, Running } from '@coracle/apimachinery/component';
import type { NodeAgentOptions, ServingOptions } from '../node/options.ts';
import type { PodManager } from '../pods/pod-manager.ts';
import type { ContainerRuntime } from '../runtime/index.ts';
import { findRoute } from './routes.ts';

export interface NodeServerDependencies {
  readonly environment: Environment;
  readonly runtime: ContainerRuntime;
  readonly pods: PodManager;
  readonly options: NodeAgentOptions;
}

/** Upstream's `IdleTimeout`. With Node's own 5 seconds, API servers often used a connection just as it was closed. */
const keepAliveTimeoutMs = 90_000;

export interface RunningNodeServer extends Running {
  readonly port: number;
}

/**
 * The kubelet's own API on :10250. Only who shows a certificate of the cluster's authority gets in; the API server checks
 * what its users may do before it calls.
 */
export async function startNodeServer(
  dependencies: NodeServerDependencies,
  { host, port, certificate, key, clientCa }: ServingOptions,
): Promise<RunningNodeServer> {
  const { log } = dependencies.environment;
  const server = createServer({
    cert: certificate,
    key,
    ca: clientCa,
    requestCert: true,
    rejectUnauthorized: true,
    keepAliveTimeout: keepAliveTimeoutMs,
  });
  server.on('request', (request, response) => {
    const route = findRoute(request);
    Promise.resolve(route.handle(dependencies, { request, response, ...route })).catch((error: unknown) => {
      log.info('a request to the node failed', { path: request.url, error: String(error) });
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' });
      response.end(`${error instanceof Error ? error.message : String(error)}\n`);
    });
  });
  server.on('upgrade', (request, socket, head) => {
    const route = findRoute(request);
    socket.on('error', () => {});
    Promise.resolve(route.upgrade(dependencies, { request, socket, head, ...route })).catch((error: unknown) => {
      log.info('an upgraded request to the node failed', { path: request.url, error: String(error) });
      socket.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
