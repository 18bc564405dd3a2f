/** Frames of HTTP/2 (RFC 9113) byte by byte, for what no library would send. */
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
export const type = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goAway: 7,
  window: 8,
  continuation: 9,
};
export const endStream = 1;
export const endHeaders = 4;

export function frame(kind: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = kind;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** HPACK without its table and without Huffman codes: a literal field with a literal name. */
export function field(name: string, value: string, prefix = 0x00): Buffer {
  return Buffer.concat([Buffer.from([prefix]), hpackText(name), hpackText(value)]);
}

function hpackText(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  const length: number[] = [];
  let rest = bytes.length;
  if (rest < 127) length.push(rest);
  else {
    length.push(127);
    for (rest -= 127; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) | 128);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}

export function head(method: string, path: string): Buffer {
  return Buffer.concat([
    field(':method', method),
    field(':scheme', 'https'),
    field(':authority', 'x'),
    field(':path', path),
  ]);
}

export const get = (stream: number) => frame(type.headers, endStream | endHeaders, stream, head('GET', '/readyz'));
export const reset = (stream: number) => frame(type.reset, 0, stream, Buffer.from([0, 0, 0, 8]));
export const settings = (pairs: readonly (readonly [number, number])[]) =>
  frame(type.settings, 0, 0, Buffer.concat(pairs.map(([id, value]) => Buffer.from([0, id, ...u32(value)]))));

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** Of the streams that a client opens, which have odd numbers, number `index`. */
export const clientStream = (index: number) => 2 * index + 1;

export const times = (count: number, make: (index: number) => Uint8Array): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => make(index));
