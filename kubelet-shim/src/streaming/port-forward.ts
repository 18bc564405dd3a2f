import { type Duplex, PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createWebSocketStream } from 'ws';
import { createSpdyConnection, type SpdyStream } from './spdy/index.ts';
import { acceptSpdy, acceptWebSocket, type UpgradeRequest, wantsWebSocket } from './upgrade.ts';

/** Connects to a port inside the pod; throws where nothing listens. */
export type ConnectPort = (port: number, signal: AbortSignal) => Promise<Duplex>;

const spdyProtocols = ['portforward.k8s.io'];
/** SPDY inside a WebSocket (KEP-4006). */
const tunnelProtocols = ['SPDY/3.1+portforward.k8s.io'];

interface Pair {
  error?: SpdyStream;
  data?: SpdyStream;
}

/** Each connection of the client is a pair of streams, `error` and `data`, with the same request id. */
export async function servePortForward(upgrade: UpgradeRequest, connect: ConnectPort): Promise<void> {
  const gone = new AbortController();
  const pairs = new Map<string, Pair>();
  const onStream = (stream: SpdyStream): void => {
    const { streamtype, port, requestid = port } = stream.headers;
    stream.on('error', () => {});
    const id = requestid ?? '';
    const pair = pairs.get(id) ?? {};
    pairs.set(id, pair);
    if (streamtype === 'error') pair.error = stream;
    else pair.data = stream;
    if (!pair.error || !pair.data) return;
    pairs.delete(id);
    void forward(pair.error, pair.data, Number(port), connect, gone.signal);
  };
  const connection = wantsWebSocket(upgrade)
    ? createSpdyConnection(await tunnel(upgrade), { role: 'server', onStream })
    : acceptSpdy(upgrade, spdyProtocols, onStream).connection;
  await connection.closed;
  gone.abort(new Error('the client has gone'));
}

async function tunnel(upgrade: UpgradeRequest): Promise<Duplex> {
  const { socket } = await acceptWebSocket(upgrade, tunnelProtocols);
  return createWebSocketStream(socket);
}

async function forward(
  error: SpdyStream,
  data: SpdyStream,
  port: number,
  connect: ConnectPort,
  signal: AbortSignal,
): Promise<void> {
  error.resume();
  try {
    const target = await connect(port, signal);
    await Promise.all([pipeline(data, target, { end: true }), pipeline(target, new PassThrough(), data)]);
    error.end();
  } catch (failure) {
    const text = failure instanceof Error ? failure.message : String(failure);
    error.end(`an error occurred forwarding ${port}: ${text}`);
    data.end();
  }
}
