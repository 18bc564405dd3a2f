import type { IncomingMessage, ServerResponse } from 'node:http';
import type { UpgradeRequest } from '../streaming/index.ts';
import { serveAttach, serveExec, serveForward, serveRun } from './sessions.ts';
import { serveLogs, serveLogsUpgraded } from './logs.ts';
import type { NodeServerDependencies } from './node-server.ts';
import { servePods } from './pods.ts';
import { serveCadvisorMetrics, serveResourceMetrics, serveSummary } from './stats.ts';

/** The part of a URL that its route does not name: `/exec/<namespace>/<pod>/[uid/]<container>`. */
export interface Target {
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
}

export interface HandlerRequest extends Target {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export type Handler = (dependencies: NodeServerDependencies, request: HandlerRequest) => Promise<void> | void;
export type UpgradeHandler = (dependencies: NodeServerDependencies, request: UpgradeRequest & Target) => Promise<void>;

interface Route {
  readonly handle?: Handler;
  readonly upgrade?: UpgradeHandler;
}

const ok: Handler = (_, { response }) => void response.end('ok');

/** Everything that the node serves, by the beginning of the path; the longest that fits wins. */
const routes: Readonly<Record<string, Route>> = {
  '/healthz': { handle: ok },
  '/healthz/ping': { handle: ok },
  '/healthz/syncloop': { handle: ok },
  '/pods': { handle: servePods },
  '/runningpods': { handle: servePods },
  '/containerLogs': { handle: serveLogs, upgrade: serveLogsUpgraded },
  '/exec': { upgrade: serveExec },
  '/attach': { upgrade: serveAttach },
  '/portForward': { upgrade: serveForward },
  '/run': { handle: serveRun },
  '/stats/summary': { handle: serveSummary },
  '/metrics': { handle: serveResourceMetrics },
  '/metrics/resource': { handle: serveResourceMetrics },
  '/metrics/cadvisor': { handle: serveCadvisorMetrics },
};

const notFound: Handler = (_, { response }) => {
  response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('404 page not found\n');
};
const upgradeRequired: Handler = (_, { response }) => {
  response.writeHead(400, { 'content-type': 'text/plain; charset=utf-8' }).end('Upgrade request required\n');
};
const notUpgradable: UpgradeHandler = async (_, { socket }) => {
  socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
};

export function findRoute({ url = '/' }: IncomingMessage): Target & Required<Route> {
  const { pathname, searchParams } = new URL(url, 'https://node');
  const parts = pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  for (let length = parts.length; length > 0; length--) {
    const route = routes[`/${parts.slice(0, length).join('/')}`];
    if (!route) continue;
    const handle = route.handle ?? upgradeRequired;
    return { handle, upgrade: route.upgrade ?? notUpgradable, segments: parts.slice(length), query: searchParams };
  }
  return { handle: notFound, upgrade: notUpgradable, segments: parts, query: searchParams };
}
