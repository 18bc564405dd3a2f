import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ApiResponse } from './api-request.ts';

/**
 * Answers an upgrade request that nobody upgraded (an error, or a plain answer) by hand: Node hands the bare connection
 * over with the `upgrade` event and offers no response object for it.
 */
export async function refuseUpgrade(response: ApiResponse, message: IncomingMessage, socket: Duplex): Promise<void> {
  const chunks: Uint8Array[] = [];
  if (response.body.type === 'bytes') chunks.push(...response.body.chunks);
  if (response.body.type === 'stream') for await (const chunk of response.body.chunks) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const lines = [`HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? ''}`];
  for (const [name, value] of Object.entries(response.headers ?? {})) lines.push(`${name}: ${value}`);
  for (const cookie of response.cookies ?? []) lines.push(`set-cookie: ${cookie}`);
  lines.push(`content-length: ${body.length}`, 'connection: close', '', '');
  if (!socket.destroyed) {
    socket.write(lines.join('\r\n'));
    socket.end(message.method === 'HEAD' ? undefined : body);
  }
}
