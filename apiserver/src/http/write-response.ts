import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { Writable } from 'node:stream';
import type { ApiResponse, ResponseBody, WatchFrame } from './api-request.ts';
import { compress, wantsGzip } from './compression.ts';
import { nextTurn } from './turns.ts';

export type NodeResponse = ServerResponse | Http2ServerResponse;

/** Nothing can be sent any more. */
export function isGone(out: NodeResponse): boolean {
  return bodyOf(out).destroyed;
}

/** What takes the bytes of an answer: of HTTP/2 the stream, as the response has no `destroyed`, whatever its type says. */
function bodyOf(out: NodeResponse): Writable {
  return (out as Http2ServerResponse).stream ?? out;
}

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
  if (response.cookies !== undefined) out.setHeader('set-cookie', response.cookies);
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
      await writeWatch(body.frames, out, body.ended);
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
    end(out, joined(chunks, length));
    return;
  }
  for (const piece of pieces(chunks)) {
    if (isGone(out)) return;
    if (!write(out, piece)) await drained(bodyOf(out));
  }
  out.end();
}

type BytesBody = Extract<ResponseBody, { type: 'bytes' }>;

function lengthOf(chunks: readonly Uint8Array[]): number {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  return length;
}

/** Small chunks joined into pieces that are worth a write, large ones cut into pieces that a connection can hold. */
function* pieces(chunks: Iterable<Uint8Array>): Iterable<Uint8Array> {
  let pending: Uint8Array[] = [];
  let size = 0;
  for (const part of parts(chunks)) {
    pending.push(part);
    size += part.length;
    if (size < writePieceBytes) continue;
    yield joined(pending, size);
    pending = [];
    size = 0;
  }
  if (size > 0) yield joined(pending, size);
}

function* parts(chunks: Iterable<Uint8Array>): Iterable<Uint8Array> {
  for (const chunk of chunks) {
    if (chunk.length <= writePieceBytes) yield chunk;
    else for (let at = 0; at < chunk.length; at += writePieceBytes) yield chunk.subarray(at, at + writePieceBytes);
  }
}

function joined(chunks: readonly Uint8Array[], lengthBytes: number): Uint8Array {
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, lengthBytes);
}

async function writeStream(chunks: AsyncIterable<Uint8Array>, out: NodeResponse, signal: AbortSignal): Promise<void> {
  flushHeaders(out);
  try {
    for await (const chunk of chunks) {
      if (signal.aborted || isGone(out)) break;
      if (!write(out, chunk)) await drained(bodyOf(out), signal);
    }
    out.end();
  } catch {
    out.destroy();
  }
}

/**
 * Pulls no further batch while the client does not read: the watcher's own bounded buffer then decides, and what it decides
 * does not wait for the client either.
 */
async function writeWatch(
  frames: AsyncIterable<readonly WatchFrame[]>,
  out: NodeResponse,
  ended: AbortSignal,
): Promise<void> {
  flushHeaders(out);
  const body = bodyOf(out);
  try {
    for await (const batch of frames) {
      await nextTurn();
      for (const piece of piecesOf(batch)) {
        // The stream itself, as its wrapping looks at every write once more.
        if (body.destroyed) return;
        if (!body.write(piece)) await drained(body, ended);
        if (ended.aborted) break;
      }
      if (ended.aborted) break;
    }
    out.end();
  } catch {
    out.destroy();
  }
}

/** Nearly all batches are one frame, which is written as it is: a change may be written to thousands. */
function piecesOf(batch: readonly WatchFrame[]): Iterable<Uint8Array> {
  const [first] = batch;
  return first !== undefined && batch.length === 1 ? [first.bytes] : pieces(bytesOf(batch));
}

function* bytesOf(batch: readonly WatchFrame[]): Iterable<Uint8Array> {
  for (const frame of batch) yield frame.bytes;
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

/** Waits until the client has taken what is there, or left; no longer than until `signal`. */
async function drained(body: Writable, signal?: AbortSignal): Promise<void> {
  if (body.destroyed || signal?.aborted) return;
  const done = new AbortController();
  const waiting = [once(body, 'drain', done), once(body, 'close', done)];
  if (signal !== undefined) waiting.push(once(signal, 'abort', done));
  try {
    await Promise.race(waiting);
  } finally {
    done.abort();
  }
}
