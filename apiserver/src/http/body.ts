import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { requestEntityTooLarge, type StatusError } from '@coracle/apimachinery/errors';
import { Turns } from '../turns/index.ts';
import type { RequestBody } from './api-request.ts';

/**
 * One read of a connection can bring dozens of requests. The first of them are on their way to the disk, and answered, while
 * the rest are still looked at.
 */
const requestTurns = new Turns(8);

/** The body of a request that arrived over a socket. */
export function nodeBody(message: IncomingMessage | Http2ServerRequest): RequestBody {
  let whole: Promise<Uint8Array> | undefined;
  return {
    bytes: (limitBytes) => (whole ??= readAll(message, limitBytes)),
    stream: () => message as AsyncIterable<Uint8Array>,
  };
}

function readAll(message: IncomingMessage | Http2ServerRequest, limitBytes: number): Promise<Uint8Array> {
  const announced = Number(message.headers['content-length'] ?? 0);
  if (announced > limitBytes) return Promise.reject(tooLarge(limitBytes));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    message.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limitBytes) {
        chunks.push(chunk);
        return;
      }
      chunks.length = 0;
      reject(tooLarge(limitBytes));
    });
    const whole = () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length));
    message.on('end', () => requestTurns.soon(whole));
    message.on('error', reject);
    message.on('aborted', () => reject(new Error('the client went away while sending the body')));
  });
}

function tooLarge(limitBytes: number): StatusError {
  return requestEntityTooLarge(`limit is ${limitBytes}`);
}

/** No body at all. */
export const emptyBody: RequestBody = {
  bytes: () => Promise.resolve(new Uint8Array(0)),
  async *stream() {},
};
