import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** Reads and writes the content of one message, without its length. */
export interface ValueCodec {
  decode(reader: Reader, end: number): unknown;
  encode(writer: Writer, value: unknown): void;
}
