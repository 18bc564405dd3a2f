import type { IncomingMessage } from 'node:http';
import { constants, type Http2ServerResponse, type ServerHttp2Stream } from 'node:http2';
import type { Clock } from '@coracle/apimachinery/clock';
import type { NodeResponse } from './write-response.ts';

/** How long an HTTP/1.1 connection is read on after its last answer, as net/http does. */
const lingerMs = 500;
/** How often an HTTP/2 stream is asked whether its answer is out. */
const answerCheckMs = 10;

/**
 * For a request that is answered before its body has come. What else comes is dropped: left unread it would be held, and
 * count against its connection. A client is told to stop sending: over HTTP/2 by ending the stream, over HTTP/1.1 by
 * ending the connection. Must be called before the answer's header is written.
 */
export function leaveBody(message: IncomingMessage, out: NodeResponse, clock: Clock): void {
  if (message.readableEnded) return;
  message.resume();
  const { stream } = out as Http2ServerResponse;
  if (stream !== undefined) {
    // Of the stream: the compatibility layer's `finish` waits for the client, too.
    stream.on('finish', () => endAfterAnswer(stream, clock));
    return;
  }
  if (message.complete) return;
  const { socket } = message;
  out.setHeader('connection', 'close');
  // Node calls this after the answer. Destroying the socket at once resets a connection that data still arrives on, and the
  // client may never see what it was answered.
  socket.destroySoon = () => {
    socket.end();
    clock.after(lingerMs, () => socket.destroy());
  };
}

/** A reset overtakes what waits to be sent, and clients take an answer without its end for a broken one. */
function endAfterAnswer(stream: ServerHttp2Stream, clock: Clock): void {
  if (stream.destroyed || stream.state.remoteClose === 1) return;
  if (stream.state.localClose === 1) stream.close(constants.NGHTTP2_NO_ERROR);
  else clock.after(answerCheckMs, () => endAfterAnswer(stream, clock));
}
