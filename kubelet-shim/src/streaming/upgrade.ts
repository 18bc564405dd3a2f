import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { createSpdyConnection, type SpdyConnection, type SpdyStream } from './spdy/index.ts';

/** A connection that its client asks to become something else. */
export interface UpgradeRequest {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

export function wantsWebSocket({ request }: UpgradeRequest): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket';
}

/** The first of `supported` that the client offers; undefined where it offers others only. Refuses those with 400. */
export function acceptWebSocket(
  upgrade: UpgradeRequest,
  supported: readonly string[],
): Promise<{ readonly socket: WebSocket; readonly protocol: string }> {
  const { request, socket, head } = upgrade;
  const offered = listOf(request.headers['sec-websocket-protocol']);
  const protocol = offered.length === 0 ? '' : supported.find((one) => offered.includes(one));
  if (protocol === undefined) {
    refuse(socket, `none of the offered protocols is supported: ${offered.join(', ')}`);
    return Promise.reject(new Error('no common sub-protocol'));
  }
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: () => (protocol === '' ? false : protocol),
  });
  return new Promise((resolve) => {
    server.handleUpgrade(request, socket, head, (webSocket) => resolve({ socket: webSocket, protocol }));
  });
}

/** Answers 101 and speaks SPDY/3.1 from there on. */
export function acceptSpdy(
  { request, socket, head }: UpgradeRequest,
  supported: readonly string[],
  onStream: (stream: SpdyStream) => void,
): { readonly connection: SpdyConnection; readonly protocol: string } {
  const offered = listOf(request.headers['x-stream-protocol-version']);
  const protocol = offered.length === 0 ? supported.at(-1) : supported.find((one) => offered.includes(one));
  if (protocol === undefined) {
    refuse(socket, `unable to upgrade: none of the offered protocols is supported: ${offered.join(', ')}`);
    throw new Error('no common stream protocol');
  }
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    'Upgrade: SPDY/3.1',
    `X-Stream-Protocol-Version: ${protocol}`,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  if (head.length > 0) socket.unshift(head);
  return { connection: createSpdyConnection(socket, { role: 'server', onStream }), protocol };
}

export function refuse(socket: Duplex, message: string, status = '400 Bad Request'): void {
  const length = Buffer.byteLength(message);
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${length}\r\n\r\n${message}`,
  );
}

/** Several headers of one name arrive joined by commas. */
function listOf(header: string | string[] | undefined): readonly string[] {
  const text = Array.isArray(header) ? header.join(',') : (header ?? '');
  return text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
}
