/** Chunks of a body are handed to the socket in pieces of about this many bytes, so that one write is one TLS record run. */
export const writePieceBytes = 256 * 1024;

/** Small chunks joined into pieces that are worth a write, large ones cut into pieces that a connection can hold. */
export function* pieces(chunks: Iterable<Uint8Array>): Generator<Uint8Array, undefined> {
  let pending: Uint8Array[] = [];
  let size = 0;
  for (const part of parts(chunks)) {
    pending.push(part);
    size += part.length;
    if (size < writePieceBytes) continue;
    yield joined(pending, size);
    pending = [];
    size = 0;
  }
  if (size > 0) yield joined(pending, size);
}

function* parts(chunks: Iterable<Uint8Array>): Iterable<Uint8Array> {
  for (const chunk of chunks) {
    if (chunk.length <= writePieceBytes) yield chunk;
    else for (let at = 0; at < chunk.length; at += writePieceBytes) yield chunk.subarray(at, at + writePieceBytes);
  }
}

export function joined(chunks: readonly Uint8Array[], lengthBytes: number): Uint8Array {
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, lengthBytes);
}
