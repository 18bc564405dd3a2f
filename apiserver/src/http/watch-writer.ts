import type { Writable } from 'node:stream';
import type { WatchFrame } from './api-request.ts';
import { drained } from './drained.ts';
import { pieces } from './pieces.ts';

/** Where the frames of one watch go. */
export interface WatchOutput {
  /** Takes the bytes: of HTTP/2 the stream itself, as its wrapping looks at every write once more. */
  readonly body: Writable;
  /** Ends the answer. */
  end(): void;
  /** Ends the connection: after the first byte there is no other way to say that something went wrong. */
  destroy(): void;
}

type Frames = AsyncIterator<readonly WatchFrame[], unknown>;
type Pieces = Iterator<Uint8Array, undefined>;

/** Writes the frames of one watch as they come; resolves when nothing more will be written. */
export function writeFrames(
  frames: AsyncIterable<readonly WatchFrame[]>,
  out: WatchOutput,
  ended: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => new WatchWriter(frames[Symbol.asyncIterator](), out, ended, resolve).pull());
}

/**
 * Pulls no further batch while the client does not read: the watcher's own bounded buffer then decides, and what it decides
 * (`ended`) does not wait for the client either. Not an async loop: a change may have thousands of watchers, and each of them
 * takes every step of this.
 */
class WatchWriter {
  readonly #frames: Frames;
  readonly #out: WatchOutput;
  readonly #ended: AbortSignal;
  readonly #over: () => void;

  constructor(frames: Frames, out: WatchOutput, ended: AbortSignal, over: () => void) {
    this.#frames = frames;
    this.#out = out;
    this.#ended = ended;
    this.#over = over;
  }

  pull(): void {
    this.#frames.next().then(this.#take, this.#fail);
  }

  readonly #take = (step: IteratorResult<readonly WatchFrame[], unknown>): void => {
    if (step.done === true) {
      this.#out.end();
      this.#over();
      return;
    }
    const batch = step.value;
    try {
      // Nearly all batches are one frame, which is written as it is.
      if (batch.length === 1) this.#writePiece((batch[0] as WatchFrame).bytes, undefined);
      else this.#writeRest(pieces(bytesOf(batch)));
    } catch {
      this.#fail();
    }
  };

  #writeRest(rest: Pieces): void {
    const { done, value } = rest.next();
    if (done === true) this.pull();
    else this.#writePiece(value, rest);
  }

  #writePiece(piece: Uint8Array, rest: Pieces | undefined): void {
    const { body } = this.#out;
    // One that answers a HEAD has ended with its headers.
    if (!body.writable) this.#leave();
    else if (body.write(piece)) this.#goOn(rest);
    else
      drained(body, this.#ended)
        .then(() => this.#goOn(rest))
        .catch(this.#fail);
  }

  #goOn(rest: Pieces | undefined): void {
    if (this.#ended.aborted) {
      this.#out.end();
      this.#leave();
    } else if (rest === undefined) this.pull();
    else this.#writeRest(rest);
  }

  /** Nobody reads any more. */
  #leave(): void {
    Promise.resolve(this.#frames.return?.()).then(this.#over, this.#fail);
  }

  readonly #fail = (): void => {
    this.#out.destroy();
    this.#over();
  };
}

function* bytesOf(batch: readonly WatchFrame[]): Iterable<Uint8Array> {
  for (const frame of batch) yield frame.bytes;
}
