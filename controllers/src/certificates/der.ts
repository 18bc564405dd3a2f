/** ASN.1 in its distinguished encoding: as much of it as certificates and requests for them are made of. */
export interface DerNode {
  readonly tag: number;
  /** The content without tag and length. */
  readonly content: Uint8Array;
  /** Tag, length and content: what is signed. */
  readonly raw: Uint8Array;
}

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Tag of a context-specific element. */
export function contextTag(number: number, constructed = true): number {
  return 0x80 | (constructed ? 0x20 : 0) | number;
}

/** All elements that stand one after the other in `bytes`. Throws where they are cut short. */
export function readDer(bytes: Uint8Array): DerNode[] {
  const nodes: DerNode[] = [];
  let position = 0;
  while (position < bytes.length) {
    const start = position;
    const tag = bytes[position++] ?? 0;
    let length = bytes[position++] ?? 0;
    if (length & 0x80) {
      const count = length & 0x7f;
      if (count === 0 || count > 4) throw new Error('asn1: unsupported length');
      length = 0;
      for (let index = 0; index < count; index++) length = length * 256 + (bytes[position++] ?? 0);
    }
    if (position + length > bytes.length) throw new Error('asn1: data truncated');
    nodes.push({
      tag,
      content: bytes.subarray(position, position + length),
      raw: bytes.subarray(start, position + length),
    });
    position += length;
  }
  return nodes;
}

/** The elements inside one. */
export function children(node: DerNode | undefined): DerNode[] {
  return node ? readDer(node.content) : [];
}

export function writeDer(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(contents);
  const length: number[] = [];
  if (content.length < 0x80) length.push(content.length);
  else {
    for (let rest = content.length; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest % 256);
    length.unshift(0x80 | length.length);
  }
  return Buffer.concat([Uint8Array.of(tag, ...length), content]);
}

export function sequence(...contents: readonly Uint8Array[]): Uint8Array {
  return writeDer(tags.sequence, ...contents);
}

/** A positive integer from its bytes, most significant first. */
export function integer(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const trimmed = bytes.subarray(start);
  return writeDer(tags.integer, (trimmed[0] ?? 0) & 0x80 ? Uint8Array.of(0) : Uint8Array.of(), trimmed);
}

export function bitString(bytes: Uint8Array, unusedBits = 0): Uint8Array {
  return writeDer(tags.bitString, Uint8Array.of(unusedBits), bytes);
}

/** `2.5.29.17`. */
export function oid(text: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let value = part >>> 7; value > 0; value >>>= 7) groups.unshift((value & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return writeDer(tags.oid, Uint8Array.from(bytes));
}

export function readOid(node: DerNode | undefined): string {
  const bytes = node?.content ?? new Uint8Array();
  const first = bytes[0] ?? 0;
  const parts = [Math.min(2, Math.floor(first / 40))];
  parts.push(first - (parts[0] ?? 0) * 40);
  let value = 0;
  for (const byte of bytes.subarray(1)) {
    value = value * 128 + (byte & 0x7f);
    if (!(byte & 0x80)) {
      parts.push(value);
      value = 0;
    }
  }
  return parts.join('.');
}

/** UTCTime until 2049, GeneralizedTime from then on, as RFC 5280 asks. */
export function time(ms: number): Uint8Array {
  const text = `${new Date(ms).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
  const year = Number(text.slice(0, 4));
  return year < 2050
    ? writeDer(tags.utcTime, Buffer.from(text.slice(2), 'latin1'))
    : writeDer(tags.generalizedTime, Buffer.from(text, 'latin1'));
}

/** The bytes of the first PEM block of a type; undefined when there is none. */
export function readPem(text: string, type: string): Uint8Array | undefined {
  const match = new RegExp(`-----BEGIN ${type}-----([A-Za-z0-9+/=\\s]+)-----END ${type}-----`).exec(text);
  return match ? Buffer.from((match[1] ?? '').replace(/\s/g, ''), 'base64') : undefined;
}

export function writePem(type: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${type}-----\n${lines.join('\n')}\n-----END ${type}-----\n`;
}
