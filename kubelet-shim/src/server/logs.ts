import { join } from 'node:path';
import { once } from 'node:events';
import { isRunning } from '../pods/observed.ts';
import { podLogDirectory } from '../pods/pod-files.ts';
import { type LogOptions, readContainerLog } from '../streaming/index.ts';
import { findLoggedContainer, findPod, NodeRequestError } from './find-container.ts';
import type { Handler } from './routes.ts';

/** `GET /containerLogs/<namespace>/<pod>/<container>` with the query of PodLogOptions. */
export const serveLogs: Handler = async (dependencies, { segments, query, request, response }) => {
  const { pods, options, environment } = dependencies;
  const [namespace, podName, name = ''] = segments;
  try {
    const worker = findPod(pods, namespace, podName);
    const logOptions = parseOptions(query, environment.clock.now());
    const { id, attempt } = findLoggedContainer(worker, name, query.get('previous') === 'true');
    const path = join(podLogDirectory(options.logsDirectory, worker.pod), name, `${attempt}.log`);
    const isAlive = () => isRunning(worker.observed.containers.find((one) => one.id === id));
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.flushHeaders();
    const writer = { isRunning: isAlive, onChange: (callback: () => void) => worker.onChange(callback) };
    for await (const text of readContainerLog(path, logOptions, writer, gone.signal)) {
      if (!response.write(text)) await once(response, 'drain', { signal: gone.signal }).catch(() => {});
    }
    response.end();
  } catch (error) {
    if (response.headersSent) return void request.socket.destroy();
    const isOurs = error instanceof NodeRequestError;
    response.writeHead(isOurs ? error.status : 500, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(error instanceof Error ? error.message : String(error));
  }
};

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
