import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';

/** Answers up to this size are never compressed, upstream's threshold in bytes. */
export const gzipThresholdBytes = 128 * 1024;

/** Upstream's level: fast, on the assumption that the network is, too. */
const gzipLevel = constants.Z_BEST_SPEED;

const gzipBuffer = promisify(gzip);

/** True where the client takes gzip for an answer of this size. */
export function wantsGzip(acceptEncoding: string | undefined, lengthBytes: number): boolean {
  if (lengthBytes <= gzipThresholdBytes || acceptEncoding === undefined) return false;
  return acceptEncoding.split(',').some((part) => {
    const [coding, ...parameters] = part.trim().split(';');
    return coding === 'gzip' && !parameters.some((parameter) => /^\s*q=0(\.0*)?$/.test(parameter));
  });
}

export function compress(chunks: readonly Uint8Array[]): Promise<Uint8Array> {
  return gzipBuffer(chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks), { level: gzipLevel });
}
