import { request as httpRequest } from 'node:http';
import { Duplex, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import { createSpdyConnection, type SpdyConnection } from '../../streaming/spdy/index.ts';
import { type AttachRequest, RuntimeFailure, SessionFailure, type SessionStreams } from '../cri.ts';

const streamProtocol = 'v4.channel.k8s.io';
const portForwardProtocol = 'portforward.k8s.io';

/** An exec or attach session on the URL that the runtime gave; resolves to the exit code. */
export async function runStreamSession(
  url: string,
  request: AttachRequest,
  streams: SessionStreams,
  signal: AbortSignal,
): Promise<number> {
  const connection = await upgrade(url, streamProtocol, signal);
  const cancel = () => void connection.close();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    // The order is that of client-go: the runtime waits until it has as many streams as the URL was asked for.
    const verdict = text(connection.open({ streamtype: 'error' }));
    const jobs: Promise<unknown>[] = [];
    if (request.stdin) {
      const stdin = connection.open({ streamtype: 'stdin' });
      // A process that ends before its input does is no failure.
      if (streams.stdin) pipeline(streams.stdin, stdin).catch(() => {});
      else stdin.end();
    }
    if (request.stdout) jobs.push(deliver(connection.open({ streamtype: 'stdout' }), streams.stdout));
    if (request.stderr && !request.tty) jobs.push(deliver(connection.open({ streamtype: 'stderr' }), streams.stderr));
    if (request.tty) void sendSizes(connection, streams);
    const status = await verdict;
    await Promise.all(jobs);
    signal.throwIfAborted();
    return exitCodeOf(status);
  } finally {
    signal.removeEventListener('abort', cancel);
    void connection.close();
  }
}

/** Outputs whose reader has gone are drained, so that the process does not hang on a full pipe. */
async function deliver(source: Readable, target: SessionStreams['stdout']): Promise<void> {
  try {
    if (target) await pipeline(source, target);
    else source.resume();
  } catch {
    source.resume();
  }
}

async function sendSizes(connection: SpdyConnection, { resizes }: SessionStreams): Promise<void> {
  const stream = connection.open({ streamtype: 'resize' });
  stream.on('error', () => {});
  for await (const { width, height } of resizes ?? []) {
    if (stream.destroyed) return;
    stream.write(`${JSON.stringify({ Width: width, Height: height })}\n`);
  }
}

interface SessionStatus {
  status?: string;
  message?: string;
  reason?: string;
  details?: { causes?: { reason?: string; message?: string }[] };
}

function exitCodeOf(text: string): number {
  if (text === '') return 0;
  const status = parseStatus(text);
  if (status.status === 'Success') return 0;
  const cause = status.details?.causes?.find(({ reason }) => reason === 'ExitCode');
  if (status.reason === 'NonZeroExitCode' && cause) return Number(cause.message);
  throw new SessionFailure(status.message ?? text);
}

function parseStatus(text: string): SessionStatus {
  try {
    return JSON.parse(text) as SessionStatus;
  } catch {
    return { message: text };
  }
}

/** A connection to a port of the sandbox; throws what the runtime says where nothing listens. */
export async function connectStreamPort(url: string, port: number, signal: AbortSignal): Promise<Duplex> {
  const connection = await upgrade(url, portForwardProtocol, signal);
  const headers = { port: String(port), requestid: '0' };
  const failure = text(connection.open({ ...headers, streamtype: 'error' }));
  const data = connection.open({ ...headers, streamtype: 'data' });
  failure.then((message) => {
    if (message !== '') data.destroy(new RuntimeFailure('UNKNOWN', message));
  });
  data.once('close', () => void connection.close());
  return data;
}

function upgrade(url: string, protocol: string, signal: AbortSignal): Promise<SpdyConnection> {
  return new Promise((resolve, reject) => {
    const headers = { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': protocol };
    const request = httpRequest(url, { method: 'POST', headers, signal, agent: false });
    request.on('upgrade', (_response, socket, head) => {
      socket.setNoDelay(true);
      if (head.length > 0) socket.unshift(head);
      resolve(createSpdyConnection(socket, { role: 'client' }));
    });
    request.on('response', async (response) => {
      const detail = await text(response);
      reject(
        new RuntimeFailure('UNKNOWN', `the runtime's streaming server answered ${response.statusCode}: ${detail}`),
      );
    });
    request.on('error', reject);
    request.end();
  });
}
