/** DNS messages on the wire (RFC 1035, 6891), as much as a name server of Services needs. */

export const recordTypes = { A: 1, CNAME: 5, SOA: 6, PTR: 12, TXT: 16, AAAA: 28, SRV: 33, OPT: 41, ANY: 255 } as const;
export const responseCodes = {
  ok: 0,
  formatError: 1,
  serverFailure: 2,
  noSuchName: 3,
  notImplemented: 4,
  refused: 5,
} as const;

export interface Query {
  readonly id: number;
  readonly recursionDesired: boolean;
  readonly opcode: number;
  /** As it was asked, without the final dot. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** Largest answer over UDP that the asker takes, in bytes. */
  readonly udpBytesMax: number;
  readonly hasOptions: boolean;
}

export type RecordData =
  | { readonly type: 'A'; readonly address: number }
  | { readonly type: 'CNAME'; readonly target: string }
  | { readonly type: 'PTR'; readonly target: string }
  | {
      readonly type: 'SRV';
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    }
  | { readonly type: 'TXT'; readonly text: string }
  | { readonly type: 'SOA'; readonly server: string; readonly mailbox: string; readonly serial: number };

export type ResourceRecord = RecordData & { readonly name: string; readonly ttlSeconds: number };

export interface Answer {
  readonly code: number;
  readonly authoritative: boolean;
  readonly answers: readonly ResourceRecord[];
  readonly authority?: readonly ResourceRecord[];
  readonly additional?: readonly ResourceRecord[];
}

const headerBytes = 12;
const plainUdpBytes = 512;
/** Fits the networks between machines without fragments, as CoreDNS announces. */
export const udpBytesMax = 1232;
const classInternet = 1;

/** Undefined where it is no query with exactly one question. */
export function readQuery(message: Buffer): Query | undefined {
  if (message.length < headerBytes) return undefined;
  const flags = message.readUInt16BE(2);
  if ((flags & 0x8000) !== 0 || message.readUInt16BE(4) !== 1) return undefined;
  const question = readName(message, headerBytes);
  if (question === undefined || question.end + 4 > message.length) return undefined;
  const hasOptions = message.readUInt16BE(10) > 0;
  return {
    id: message.readUInt16BE(0),
    opcode: (flags >> 11) & 15,
    recursionDesired: (flags & 0x0100) !== 0,
    name: question.name,
    type: message.readUInt16BE(question.end),
    class: message.readUInt16BE(question.end + 2),
    udpBytesMax: hasOptions ? announcedBytes(message, question.end + 4) : plainUdpBytes,
    hasOptions,
  };
}

/** The OPT record stands where answers would be: nothing else comes with a query. */
function announcedBytes(message: Buffer, at: number): number {
  const isOptions = at + 5 <= message.length && message[at] === 0 && message.readUInt16BE(at + 1) === recordTypes.OPT;
  return isOptions ? Math.max(plainUdpBytes, Math.min(message.readUInt16BE(at + 3), udpBytesMax)) : plainUdpBytes;
}

/** Undefined for names that run out of the message. Compression does not occur in questions. */
function readName(message: Buffer, start: number): { readonly name: string; readonly end: number } | undefined {
  const labels: string[] = [];
  let at = start;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > 63 || at + length >= message.length) return undefined;
    at++;
    if (length === 0) return { name: labels.join('.'), end: at };
    labels.push(message.toString('latin1', at, at + length));
    at += length;
  }
}

/** The question alone, to be sent on. */
export function writeQuery(query: Pick<Query, 'id' | 'name' | 'type' | 'class'>): Buffer {
  const writer = new MessageWriter();
  for (const value of [query.id, 0x0100, 1, 0, 0, 0]) writer.uint16(value);
  writer.name(query.name);
  writer.uint16(query.type);
  writer.uint16(query.class);
  return writer.finish();
}

/** The IPv4 addresses that another server answered with, as records of `name`. */
export function readAddresses(message: Buffer, name: string): readonly ResourceRecord[] {
  const records: ResourceRecord[] = [];
  try {
    let at = skipName(message, headerBytes) + 4;
    for (let left = message.readUInt16BE(6); left > 0; left--) {
      at = skipName(message, at);
      const type = message.readUInt16BE(at);
      const length = message.readUInt16BE(at + 8);
      if (type === recordTypes.A && length === 4) {
        const address = message.readUInt32BE(at + 10);
        records.push({ type: 'A', address, name, ttlSeconds: message.readUInt32BE(at + 4) });
      }
      at += 10 + length;
    }
  } catch (error) {
    // Reading past the end: what was whole counts.
    if (!(error instanceof RangeError)) throw error;
  }
  return records;
}

/** Where the name that begins there ends: behind its last label, or behind a pointer. Throws RangeError past the end. */
function skipName(message: Buffer, start: number): number {
  for (let at = start; ; ) {
    const length = message.readUInt8(at);
    if (length >= 0xc0) return at + 2;
    at += 1 + length;
    if (length === 0) return at;
  }
}

/**
 * The whole answer. With `bytesMax` one that is larger is cut to an empty one that says so, and the asker comes back by TCP.
 */
export function writeAnswer(query: Query, answer: Answer, bytesMax = Number.POSITIVE_INFINITY): Buffer {
  const whole = encode(query, answer, false);
  return whole.length <= bytesMax
    ? whole
    : encode(query, { ...answer, answers: [], authority: [], additional: [] }, true);
}

function encode(query: Query, answer: Answer, truncated: boolean): Buffer {
  const { answers, authority = [], additional = [] } = answer;
  const writer = new MessageWriter();
  const flags =
    0x8000 |
    (query.opcode << 11) |
    (answer.authoritative ? 0x0400 : 0) |
    (truncated ? 0x0200 : 0) |
    (query.recursionDesired ? 0x0100 : 0) |
    0x0080 |
    answer.code;
  for (const value of [
    query.id,
    flags,
    1,
    answers.length,
    authority.length,
    additional.length + (query.hasOptions ? 1 : 0),
  ]) {
    writer.uint16(value);
  }
  writer.name(query.name);
  writer.uint16(query.type);
  writer.uint16(query.class);
  for (const record of [...answers, ...authority, ...additional]) writer.record(record);
  if (query.hasOptions) writer.bytes(optionsRecord);
  return writer.finish();
}

/** Root name, OPT, our UDP size, no extended code or flags, no options. */
const optionsRecord = Buffer.from([0, 0, recordTypes.OPT, udpBytesMax >> 8, udpBytesMax & 255, 0, 0, 0, 0, 0, 0]);

class MessageWriter {
  #buffer = Buffer.alloc(512);
  #length = 0;
  /** Where each name, and each of its ends, was written first. */
  readonly #names = new Map<string, number>();

  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  uint16(value: number): void {
    this.#reserve(2);
    this.#length = this.#buffer.writeUInt16BE(value, this.#length);
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32BE(value, this.#length);
  }

  /** Targets of SRV records are written in full (RFC 2782). */
  name(name: string, mayPoint = true): void {
    for (let rest = name; rest !== ''; ) {
      const known = mayPoint ? this.#names.get(rest) : undefined;
      if (known !== undefined) return this.uint16(0xc000 | known);
      // Pointers have 14 bits.
      if (this.#length < 0x4000) this.#names.set(rest, this.#length);
      const dot = rest.indexOf('.');
      const label = Buffer.from(dot < 0 ? rest : rest.slice(0, dot), 'latin1');
      this.bytes(Buffer.from([label.length]));
      this.bytes(label);
      rest = dot < 0 ? '' : rest.slice(dot + 1);
    }
    this.bytes(Buffer.from([0]));
  }

  record(record: ResourceRecord): void {
    this.name(record.name);
    this.uint16(recordTypes[record.type]);
    this.uint16(classInternet);
    this.uint32(record.ttlSeconds);
    const lengthAt = this.#length;
    this.uint16(0);
    this.#data(record);
    this.#buffer.writeUInt16BE(this.#length - lengthAt - 2, lengthAt);
  }

  #data(record: RecordData): void {
    switch (record.type) {
      case 'A':
        return this.uint32(record.address);
      case 'CNAME':
      case 'PTR':
        return this.name(record.target);
      case 'SRV':
        for (const value of [record.priority, record.weight, record.port]) this.uint16(value);
        return this.name(record.target, false);
      case 'TXT':
        return this.bytes(Buffer.concat([Buffer.from([record.text.length]), Buffer.from(record.text, 'latin1')]));
      case 'SOA':
        this.name(record.server);
        this.name(record.mailbox);
        for (const value of [record.serial, 7200, 1800, 86_400, 5]) this.uint32(value);
        return undefined;
      default:
        return record satisfies never;
    }
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.alloc(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger);
    this.#buffer = larger;
  }
}
