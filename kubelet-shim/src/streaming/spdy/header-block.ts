import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib';
import { headerDictionary } from './dictionary.ts';

export type Headers = Readonly<Record<string, string>>;

/** Header blocks of one connection: each direction is one endless zlib stream, so calls must not overlap. */
export interface HeaderCodec {
  encode(headers: Headers): Promise<Buffer>;
  decode(block: Uint8Array): Promise<Headers>;
  close(): void;
}

/** Many times what Kubernetes sends. */
const blockBytesMax = 256 * 1024;

export function createHeaderCodec(): HeaderCodec {
  const deflate = createDeflate({ dictionary: headerDictionary });
  const inflate = createInflate({ dictionary: headerDictionary });
  return {
    encode: (headers) => pass(deflate, toBlock(headers)),
    decode: async (block) => fromBlock(await pass(inflate, block)),
    close() {
      deflate.close();
      inflate.close();
    },
  };
}

function pass(stream: Deflate | Inflate, data: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const collect = (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > blockBytesMax) finish(new Error('the header block is too large'));
    };
    const finish = (error?: Error | null) => {
      stream.off('data', collect).off('error', finish);
      if (error) reject(error);
      else resolve(Buffer.concat(chunks));
    };
    stream.on('data', collect).on('error', finish);
    stream.write(data);
    stream.flush(constants.Z_SYNC_FLUSH, () => finish());
  });
}

function toBlock(headers: Headers): Buffer {
  const entries = Object.entries(headers);
  const parts: Buffer[] = [length(entries.length)];
  for (const [name, value] of entries) {
    const [nameBytes, valueBytes] = [Buffer.from(name.toLowerCase()), Buffer.from(value)];
    parts.push(length(nameBytes.length), nameBytes, length(valueBytes.length), valueBytes);
  }
  return Buffer.concat(parts);
}

function fromBlock(block: Buffer): Headers {
  const headers: Record<string, string> = {};
  let at = 4;
  const text = () => {
    const end = at + 4 + block.readUInt32BE(at);
    const value = block.toString('utf8', at + 4, end);
    at = end;
    return value;
  };
  for (let count = block.readUInt32BE(0); count > 0; count--) headers[text().toLowerCase()] = text();
  return headers;
}

function length(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
