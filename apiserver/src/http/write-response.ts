import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { ApiResponse, ResponseBody, WatchFrame } from './api-request.ts';
import { compress, wantsGzip } from './compression.ts';

export type NodeResponse = ServerResponse | Http2ServerResponse;

/** Chunks of a body are handed to the socket in pieces of about this many bytes, so that one write is one TLS record run. */
const writePieceBytes = 256 * 1024;

/**
 * Sends an answer. Never throws for a client that went away; an error inside a stream ends the connection, because after
 * the first byte there is no other way to say so (watches put their errors into the stream themselves).
 */
export async function writeResponse(
  response: ApiResponse,
  out: NodeResponse,
  acceptEncoding: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { body } = response;
  out.statusCode = response.status;
  const headers = response.headers ?? {};
  for (const name in headers) out.setHeader(name, headers[name] as string);
  switch (body.type) {
    case 'empty':
      out.end();
      return;
    case 'bytes':
      await writeBytes(body, out, acceptEncoding);
      return;
    case 'stream':
      await writeStream(body.chunks, out, signal);
      return;
    case 'watch':
      await writeWatch(body.frames, out, signal);
      return;
    case 'upgraded':
      return;
  }
}

async function writeBytes(body: BytesBody, out: NodeResponse, acceptEncoding: string | undefined) {
  let { chunks } = body;
  let length = lengthOf(chunks);
  if (length > 0 && wantsGzip(acceptEncoding, length) && out.getHeader('content-encoding') === undefined) {
    chunks = body.packed === undefined ? [await compress(chunks)] : await body.packed();
    length = lengthOf(chunks);
    out.setHeader('content-encoding', 'gzip');
    out.setHeader('vary', 'Accept-Encoding');
  }
  out.setHeader('content-length', length);
  if (length <= writePieceBytes) {
    end(out, chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, length));
    return;
  }
  for (const piece of pieces(chunks)) {
    if (out.destroyed) return;
    if (!write(out, piece)) await drained(out);
  }
  out.end();
}

type BytesBody = Extract<ResponseBody, { type: 'bytes' }>;

function lengthOf(chunks: readonly Uint8Array[]): number {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  return length;
}

/** Small chunks joined into pieces that are worth a write. */
function* pieces(chunks: readonly Uint8Array[]): Iterable<Uint8Array> {
  let pending: Uint8Array[] = [];
  let size = 0;
  for (const chunk of chunks) {
    pending.push(chunk);
    size += chunk.length;
    if (size < writePieceBytes) continue;
    yield Buffer.concat(pending, size);
    pending = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(pending, size);
}

async function writeStream(chunks: AsyncIterable<Uint8Array>, out: NodeResponse, signal: AbortSignal): Promise<void> {
  flushHeaders(out);
  try {
    for await (const chunk of chunks) {
      if (signal.aborted || out.destroyed) break;
      if (!write(out, chunk)) await drained(out);
    }
    out.end();
  } catch {
    out.destroy();
  }
}

/** Pulls no further batch while the client does not read: the watcher's own bounded buffer then decides. */
async function writeWatch(
  frames: AsyncIterable<readonly WatchFrame[]>,
  out: NodeResponse,
  signal: AbortSignal,
): Promise<void> {
  flushHeaders(out);
  try {
    for await (const batch of frames) {
      if (signal.aborted || out.destroyed) break;
      const first = batch[0];
      if (first === undefined) continue;
      const bytes = batch.length === 1 ? first.bytes : Buffer.concat(batch.map((frame) => frame.bytes));
      if (!write(out, bytes)) await drained(out);
    }
    out.end();
  } catch {
    out.destroy();
  }
}

function flushHeaders(out: NodeResponse): void {
  (out as ServerResponse).flushHeaders();
}

function write(out: NodeResponse, bytes: Uint8Array): boolean {
  return (out as ServerResponse).write(bytes);
}

function end(out: NodeResponse, bytes: Uint8Array): void {
  (out as ServerResponse).end(bytes);
}

async function drained(out: NodeResponse): Promise<void> {
  if (out.destroyed) return;
  const ended = new AbortController();
  try {
    await Promise.race([once(out, 'drain', { signal: ended.signal }), once(out, 'close', { signal: ended.signal })]);
  } finally {
    ended.abort();
  }
}
