import { parseJson, setField } from '../json/index.ts';
import { formatDuration } from '../quantity/index.ts';
import { MalformedProtobufError } from './malformed-error.ts';
import { microTimeText, timeText } from './time.ts';

const utf8 = new TextDecoder();
/** Up to here a loop over ASCII bytes beats the decoder's call. */
const shortStringMax = 48;

/** Of the years that times are written with, in seconds since 1970. */
const firstSecond = -62_167_219_200;
const lastSecond = 253_402_300_799;

/** Reads one message from front to back. Methods named after a type leave `position` behind a value of that type. */
export class Reader {
  readonly bytes: Uint8Array;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** An unsigned varint below 2^53; larger ones (negative int64) come out as the signed value. */
  varint(): number {
    const bytes = this.bytes;
    let byte = bytes[this.position++] as number;
    if (byte < 128) return byte;
    let value = byte & 127;
    byte = bytes[this.position++] as number;
    value |= (byte & 127) << 7;
    if (byte < 128) return value;
    byte = bytes[this.position++] as number;
    value |= (byte & 127) << 14;
    if (byte < 128) return value;
    byte = bytes[this.position++] as number;
    value |= (byte & 127) << 21;
    return byte < 128 ? value : this.#longVarint(value);
  }

  #longVarint(low28: number): number {
    let value = BigInt(low28);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.bytes[this.position++];
      if (byte === undefined) break;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
    throw new MalformedProtobufError('unexpected end of a number');
  }

  boolean(): boolean {
    return this.varint() !== 0;
  }

  int32(): number {
    return this.varint() | 0;
  }

  double(): number {
    const start = this.position;
    this.position = this.#checked(start + 8);
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + start, 8).getFloat64(0, true);
  }

  /** The end of the length-delimited value that begins here. */
  end(): number {
    const length = this.varint();
    return this.#checked(this.position + length);
  }

  string(): string {
    return this.text(this.end());
  }

  /** Text from here to `end`. */
  text(end: number): string {
    const start = this.position;
    this.position = end;
    if (end - start > shortStringMax) return utf8.decode(this.bytes.subarray(start, end));
    let text = '';
    for (let index = start; index < end; index++) {
      const code = this.bytes[index] as number;
      if (code > 127) return utf8.decode(this.bytes.subarray(start, end));
      text += String.fromCharCode(code);
    }
    return text;
  }

  /** Bytes as base64 text. */
  base64(): string {
    return this.view().toBase64();
  }

  time(): string | null {
    const [seconds] = this.#timestamp();
    return seconds === undefined ? null : timeText(seconds);
  }

  microTime(): string | null {
    const [seconds, nanos] = this.#timestamp();
    return seconds === undefined ? null : microTimeText(seconds, nanos);
  }

  #timestamp(): [seconds: number | undefined, nanos: number] {
    const end = this.end();
    let seconds: number | undefined;
    let nanos = 0;
    while (this.position < end) {
      const tag = this.varint();
      if (tag === 8) seconds = this.varint();
      else if (tag === 16) nanos = this.int32();
      else this.skip(tag);
    }
    if (seconds !== undefined && !(seconds >= firstSecond && seconds <= lastSecond)) {
      throw new MalformedProtobufError('a time outside of the years 0 to 9999');
    }
    return [seconds, nanos];
  }

  quantity(): string {
    const end = this.end();
    let text = '0';
    while (this.position < end) {
      const tag = this.varint();
      if (tag === 10) text = this.string();
      else this.skip(tag);
    }
    return text;
  }

  duration(): string {
    const end = this.end();
    let nanoseconds = 0;
    while (this.position < end) {
      const tag = this.varint();
      if (tag === 8) nanoseconds = this.varint();
      else this.skip(tag);
    }
    return formatDuration(nanoseconds / 1e6);
  }

  intOrString(): number | string {
    const end = this.end();
    let isString = false;
    let number = 0;
    let text = '';
    while (this.position < end) {
      const tag = this.varint();
      if (tag === 8) isString = this.varint() !== 0;
      else if (tag === 16) number = this.int32();
      else if (tag === 26) text = this.string();
      else this.skip(tag);
    }
    return isString ? text : number;
  }

  /** Length-delimited JSON text; null for an empty one. */
  json(): unknown {
    const text = this.string();
    if (text === '') return null;
    try {
      return parseJson(text);
    } catch (error) {
      throw new MalformedProtobufError((error as Error).message);
    }
  }

  /** Length-delimited bytes, not copied. */
  view(): Uint8Array {
    const end = this.end();
    const slice = this.bytes.subarray(this.position, end);
    this.position = end;
    return slice;
  }

  setEntry(map: Record<string, unknown>, key: string, value: unknown): void {
    if (key === '__proto__') setField(map, key, value);
    else map[key] = value;
  }

  /** Passes over a field that nobody knows. */
  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        this.varint();
        break;
      case 1:
        this.position = this.#checked(this.position + 8);
        break;
      case 2:
        this.position = this.end();
        break;
      case 5:
        this.position = this.#checked(this.position + 4);
        break;
      default:
        throw new MalformedProtobufError(`wire type ${tag & 7} is not supported`);
    }
  }

  #checked(end: number): number {
    if (end >= this.position && end <= this.bytes.length) return end;
    throw new MalformedProtobufError('unexpected end of the message');
  }
}
