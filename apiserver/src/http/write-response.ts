import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { Writable } from 'node:stream';
import type { ApiResponse, ResponseBody } from './api-request.ts';
import { compress, wantsGzip } from './compression.ts';
import { drained } from './drained.ts';
import { joined, pieces, writePieceBytes } from './pieces.ts';
import { type WatchOutput, writeFrames } from './watch-writer.ts';

export type NodeResponse = ServerResponse | Http2ServerResponse;

/** Nothing can be sent any more. */
export function isGone(out: NodeResponse): boolean {
  return bodyOf(out).destroyed;
}

/** What takes the bytes of an answer: of HTTP/2 the stream, as the response has no `destroyed`, whatever its type says. */
function bodyOf(out: NodeResponse): Writable {
  return (out as Http2ServerResponse).stream ?? out;
}

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
      flushHeaders(out);
      await writeFrames(body.frames, outputOf(out), body.ended);
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

async function writeStream(chunks: AsyncIterable<Uint8Array>, out: NodeResponse, signal: AbortSignal): Promise<void> {
  flushHeaders(out);
  const body = bodyOf(out);
  try {
    for await (const chunk of chunks) {
      // One that answers a HEAD has ended with its headers.
      if (signal.aborted || !body.writable) break;
      if (!write(out, chunk)) await drained(body, signal);
    }
    out.end();
  } catch {
    out.destroy();
  }
}

function outputOf(out: NodeResponse): WatchOutput {
  return { body: bodyOf(out), end: () => void out.end(), destroy: () => void out.destroy() };
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
