import type { IncomingMessage } from 'node:http';
import type { AgentOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocket } from 'ws';
import { decodeBody } from './decode-body.ts';
import { failureOf, unreachable } from './failure.ts';

export interface WebSocketTarget {
  readonly url: string;
  readonly protocols: readonly string[];
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly tls: AgentOptions;
}

/**
 * A WebSocket as a stream of messages: each read is one message, each write becomes one. What the channel byte of a message
 * means is the sub-protocol's affair (`v5.channel.k8s.io`). Throws StatusError where the server refuses.
 */
export function openWebSocket(target: WebSocketTarget, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const socket = new WebSocket(target.url, [...target.protocols], { ...target.tls, headers: target.headers });
    const abort = () => socket.terminate();
    signal.addEventListener('abort', abort, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', abort));
    socket.once('unexpected-response', (_, response) => {
      refusal(response).then(reject, reject);
    });
    socket.once('error', (error) => reject(signal.aborted ? signal.reason : unreachable(error)));
    // Made before the socket opens, so that no message is missed.
    const stream = createWebSocketStream(socket, { readableObjectMode: true });
    stream.on('error', () => stream.destroy());
    socket.once('open', () => resolve(stream));
  });
}

async function refusal(response: IncomingMessage): Promise<Error> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response) chunks.push(chunk as Uint8Array);
  const body = decodeBody(Buffer.concat(chunks).toString('utf8'), response.headers);
  return failureOf(response.statusCode ?? 500, body);
}
