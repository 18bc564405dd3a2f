import { join } from 'node:path';
import { once } from 'node:events';
import { STATUS_CODES } from 'node:http';
import { isRunning } from '../pods/observed.ts';
import { podLogDirectory } from '../pods/pod-files.ts';
import { acceptWebSocket, type LogOptions, readContainerLog, refuse } from '../streaming/index.ts';
import { findLoggedContainer, findPod, NodeRequestError } from './find-container.ts';
import type { NodeServerDependencies } from './node-server.ts';
import type { Handler, UpgradeHandler } from './routes.ts';

/** `GET /containerLogs/<namespace>/<pod>/<container>` with the query of PodLogOptions. */
export const serveLogs: Handler = async (dependencies, { segments, query, request, response }) => {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    const log = openLog(dependencies, segments, query, gone.signal);
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.flushHeaders();
    for await (const text of log) {
      if (!response.write(text)) await once(response, 'drain', { signal: gone.signal }).catch(() => {});
    }
    response.end();
  } catch (error) {
    if (response.headersSent) return void request.socket.destroy();
    const { status, message } = toAnswer(error);
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(message);
  }
};

const webSocketProtocols = ['binary.k8s.io', 'base64.binary.k8s.io'];

/** The same for clients that read logs through a WebSocket: a message a piece, then the end. */
export const serveLogsUpgraded: UpgradeHandler = async (dependencies, { segments, query, ...upgrade }) => {
  const gone = new AbortController();
  let log: AsyncIterable<Buffer>;
  try {
    log = openLog(dependencies, segments, query, gone.signal);
  } catch (error) {
    const { status, message } = toAnswer(error);
    return refuse(upgrade.socket, message, `${status} ${STATUS_CODES[status]}`);
  }
  const { socket, protocol } = await acceptWebSocket(upgrade, webSocketProtocols);
  socket.once('close', () => gone.abort());
  for await (const text of log) {
    const message = protocol.startsWith('base64') ? text.toString('base64') : text;
    await new Promise<void>((resolve) => socket.send(message, () => resolve()));
  }
  socket.close(1000);
};

function openLog(
  { pods, options, environment }: NodeServerDependencies,
  [namespace, podName, name = '']: readonly string[],
  query: URLSearchParams,
  signal: AbortSignal,
): AsyncIterable<Buffer> {
  const worker = findPod(pods, namespace, podName);
  const logOptions = parseOptions(query, environment.clock.now());
  const { id, attempt } = findLoggedContainer(worker, name, query.get('previous') === 'true');
  const path = join(podLogDirectory(options.logsDirectory, worker.pod), name, `${attempt}.log`);
  const writer = {
    isRunning: () => isRunning(worker.observed.containers.find((one) => one.id === id)),
    onChange: (callback: () => void) => worker.onChange(callback),
  };
  return readContainerLog(path, logOptions, writer, signal);
}

function toAnswer(error: unknown): { status: number; message: string } {
  const message = error instanceof Error ? error.message : String(error);
  return { status: error instanceof NodeRequestError ? error.status : 500, message };
}

export function parseOptions(query: URLSearchParams, now: number): LogOptions {
  const number = (name: string) => {
    const text = query.get(name);
    if (text === null || text === '') return undefined;
    if (!/^\d+$/.test(text)) throw new NodeRequestError(400, `${name} must be a whole number: ${text}`);
    return Number(text);
  };
  const sinceSeconds = number('sinceSeconds');
  const sinceTime = query.get('sinceTime');
  const stream = query.get('stream') ?? 'All';
  return {
    follow: query.get('follow') === 'true',
    timestamps: query.get('timestamps') === 'true',
    tailLines: number('tailLines'),
    limitBytes: number('limitBytes'),
    since: sinceSeconds !== undefined ? now - sinceSeconds * 1000 : sinceTime ? Date.parse(sinceTime) : undefined,
    stream: stream === 'Stdout' || stream === 'Stderr' ? stream : 'All',
  };
}
