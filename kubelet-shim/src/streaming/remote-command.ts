import { PassThrough, Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import type { AttachRequest, RunSession } from '../runtime/index.ts';
import { encodeStatus, type SessionStatus, statusOfError, statusOfExit } from './session-status.ts';
import type { SpdyStream } from './spdy/index.ts';
import { createTerminalSizes } from './terminal-sizes.ts';
import { acceptSpdy, acceptWebSocket, type UpgradeRequest, wantsWebSocket } from './upgrade.ts';

const webSocketProtocols = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
];
const spdyProtocols = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v3.channel.k8s.io',
  'v2.channel.k8s.io',
  'channel.k8s.io',
];

const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** exec and attach over whichever of the two transports the client asks for. */
export async function serveRemoteCommand(
  upgrade: UpgradeRequest,
  request: AttachRequest,
  run: RunSession,
): Promise<void> {
  if (wantsWebSocket(upgrade)) await overWebSocket(upgrade, request, run);
  else await overSpdy(upgrade, request, run);
}

async function verdictOf(run: Promise<number>): Promise<SessionStatus> {
  return run.then(statusOfExit, statusOfError);
}

async function overWebSocket(upgrade: UpgradeRequest, request: AttachRequest, run: RunSession): Promise<void> {
  const { socket, protocol } = await acceptWebSocket(upgrade, webSocketProtocols);
  const gone = new AbortController();
  const stdin = new PassThrough();
  const resizes = createTerminalSizes();
  stdin.on('drain', () => socket.resume());
  socket.on('message', (data: Buffer, isBinary) => {
    const { number, payload } = decode(data, isBinary, protocol);
    if (number === channel.stdin && request.stdin) {
      if (!stdin.write(payload)) socket.pause();
    } else if (number === channel.resize) resizes.put(payload.toString());
    else if (number === channel.close && payload[0] === channel.stdin) stdin.end();
  });
  const leave = () => {
    gone.abort(new Error('the client has gone'));
    stdin.end();
    resizes.end();
  };
  socket.on('close', leave).on('error', leave);
  const output = (number: number) => channelWritable(socket, number, protocol);
  // Tells the client that the session is open.
  if (request.stdout) socket.send(encode(channel.stdout, Buffer.alloc(0), protocol));
  const status = await verdictOf(
    run(
      {
        ...(request.stdin && { stdin }),
        ...(request.stdout && { stdout: output(channel.stdout) }),
        ...(request.stderr && !request.tty && { stderr: output(channel.stderr) }),
        resizes,
      },
      gone.signal,
    ),
  );
  resizes.end();
  if (socket.readyState !== socket.OPEN) return;
  socket.send(encode(channel.error, Buffer.from(encodeStatus(status, protocol)), protocol), () => socket.close(1000));
}

function channelWritable(socket: WebSocket, number: number, protocol: string): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (socket.readyState === socket.OPEN) socket.send(encode(number, chunk, protocol), () => done());
      else done();
    },
  });
}

function encode(number: number, payload: Buffer, protocol: string): Buffer | string {
  if (protocol.includes('base64')) return `${number}${payload.toString('base64')}`;
  return Buffer.concat([Buffer.from([number]), payload]);
}

function decode(data: Buffer, isBinary: boolean, protocol: string): { number: number; payload: Buffer } {
  if (!protocol.includes('base64') || isBinary) return { number: data[0] ?? -1, payload: data.subarray(1) };
  return { number: Number(data.toString('latin1', 0, 1)), payload: Buffer.from(data.toString('latin1', 1), 'base64') };
}

async function overSpdy(upgrade: UpgradeRequest, request: AttachRequest, run: RunSession): Promise<void> {
  const expected = ['error', ...(['stdin', 'stdout'] as const).filter((name) => request[name])];
  if (request.stderr && !request.tty) expected.push('stderr');
  const streams = new Map<string, SpdyStream>();
  const resizes = createTerminalSizes();
  const complete = Promise.withResolvers<void>();
  const { connection, protocol } = acceptSpdy(upgrade, spdyProtocols, (stream) => {
    const name = stream.headers['streamtype'] ?? '';
    stream.on('error', () => {});
    streams.set(name, stream);
    if (name === 'resize') readSizes(stream, (json) => resizes.put(json));
    if (expected.every((one) => streams.has(one))) complete.resolve();
  });
  const gone = new AbortController();
  void connection.closed.then(() => {
    gone.abort(new Error('the client has gone'));
    resizes.end();
    complete.resolve();
  });
  await complete.promise;
  if (gone.signal.aborted) return;
  const { stdin, stdout, stderr, error } = Object.fromEntries(streams);
  const status = await verdictOf(
    run({ ...(stdin && { stdin }), ...(stdout && { stdout }), ...(stderr && { stderr }), resizes }, gone.signal),
  );
  resizes.end();
  error?.end(encodeStatus(status, protocol));
  if (error) await new Promise<void>((resolve) => error.once('close', resolve).once('finish', resolve));
  await connection.close();
}

function readSizes(stream: SpdyStream, put: (json: string) => void): void {
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) put(part);
    // Go's encoder ends each with a newline; others may not.
    if (rest.endsWith('}')) {
      put(rest);
      rest = '';
    }
  });
}
