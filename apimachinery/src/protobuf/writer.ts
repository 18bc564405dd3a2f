import { parseDuration } from '../quantity/index.ts';
import { microTimeNanos, timeSeconds } from './time.ts';

const utf8 = new TextEncoder();
/** Up to here a loop over ASCII characters beats the encoder's call. */
const shortStringMax = 64;
const initialBytes = 16 * 1024;

/**
 * Writes a message from back to front, so that the length of a nested message is known when its header is due and nothing
 * is measured beforehand. Every method puts its value before what is there already: last field first, value before tag.
 */
export class Writer {
  #bytes = new Uint8Array(initialBytes);
  /** Bytes written so far. */
  length = 0;

  /** What was written since `reset`, as a copy. */
  finish(): Uint8Array {
    return this.#bytes.slice(this.#bytes.length - this.length);
  }

  reset(): void {
    this.length = 0;
  }

  varint(value: number): void {
    if (value < 128 && value >= 0) {
      const index = this.#take(1);
      this.#bytes[index] = value;
    } else if (value < 268435456 && value >= 0) {
      this.#mediumVarint(value);
    } else {
      this.#longVarint(value);
    }
  }

  #mediumVarint(value: number): void {
    const size = value < 16384 ? 2 : value < 2097152 ? 3 : 4;
    let index = this.#take(size);
    let rest = value;
    for (let left = size - 1; left > 0; left--) {
      this.#bytes[index++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[index] = rest;
  }

  #longVarint(value: number): void {
    const digits: number[] = [];
    for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
      if (rest < 128n) {
        digits.push(Number(rest));
        break;
      }
      digits.push(Number(rest & 127n) | 128);
    }
    const index = this.#take(digits.length);
    this.#bytes.set(digits, index);
  }

  boolean(value: boolean): void {
    const index = this.#take(1);
    this.#bytes[index] = value ? 1 : 0;
  }

  double(value: number): void {
    const index = this.#take(8);
    new DataView(this.#bytes.buffer, index, 8).setFloat64(0, value, true);
  }

  string(value: string): void {
    const before = this.length;
    this.text(value);
    this.varint(this.length - before);
  }

  /** Text without a length. */
  text(value: string): void {
    const size = value.length;
    if (size > shortStringMax || !this.#ascii(value, size)) this.raw(utf8.encode(value));
  }

  /** Writes `value` if it is ASCII; false where it is not, with nothing written. */
  #ascii(value: string, size: number): boolean {
    const start = this.#take(size);
    for (let index = 0; index < size; index++) {
      const code = value.charCodeAt(index);
      if (code > 127) {
        this.length -= size;
        return false;
      }
      this.#bytes[start + index] = code;
    }
    return true;
  }

  /** Length-delimited bytes. */
  bytes(value: Uint8Array): void {
    this.raw(value);
    this.varint(value.length);
  }

  /** Bytes without a length. */
  raw(value: Uint8Array): void {
    const index = this.#take(value.length);
    this.#bytes.set(value, index);
  }

  base64(value: string): void {
    this.bytes(Uint8Array.fromBase64(value));
  }

  /** Ends a nested value that began when `length` was `before`. */
  header(before: number): void {
    this.varint(this.length - before);
  }

  /** Null is the zero time: an empty message. */
  time(value: string | null): void {
    if (value === null) this.varint(0);
    else this.#timestamp(timeSeconds(value), 0);
  }

  microTime(value: string): void {
    this.#timestamp(timeSeconds(value), microTimeNanos(value));
  }

  #timestamp(seconds: number, nanos: number): void {
    const before = this.length;
    this.varint(nanos);
    this.varint(16);
    this.varint(seconds);
    this.varint(8);
    this.header(before);
  }

  quantity(value: string): void {
    const before = this.length;
    this.string(value);
    this.varint(10);
    this.header(before);
  }

  duration(value: string): void {
    const before = this.length;
    this.varint(Math.round(parseDuration(value) * 1e6));
    this.varint(8);
    this.header(before);
  }

  intOrString(value: number | string): void {
    const before = this.length;
    const isString = typeof value === 'string';
    this.string(isString ? value : '');
    this.varint(26);
    this.varint(isString ? 0 : value);
    this.varint(16);
    this.varint(isString ? 1 : 0);
    this.varint(8);
    this.header(before);
  }

  /** Room for `size` more bytes; the index of the first. May replace `#bytes`: call it before that is read. */
  #take(size: number): number {
    this.length += size;
    if (this.length > this.#bytes.length) this.#grow();
    return this.#bytes.length - this.length;
  }

  #grow(): void {
    const old = this.#bytes;
    let size = old.length * 2;
    while (size < this.length) size *= 2;
    this.#bytes = new Uint8Array(size);
    this.#bytes.set(old, size - old.length);
  }
}
