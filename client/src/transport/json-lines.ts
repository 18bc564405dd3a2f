const newline = 0x0a;

/** Splits a stream of bytes into the JSON values of its lines. A last line without its newline is an unfinished one: dropped. */
export async function* jsonLines(chunks: AsyncIterable<Uint8Array>): AsyncIterable<unknown> {
  const decoder = new TextDecoder();
  let held: Uint8Array[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const line = joined(held, chunk.subarray(start, end));
      held = [];
      start = end + 1;
      if (line.length > 0) yield JSON.parse(decoder.decode(line));
    }
    if (start < chunk.length) held.push(chunk.subarray(start));
  }
}

function joined(held: readonly Uint8Array[], last: Uint8Array): Uint8Array {
  if (held.length === 0) return last;
  return Buffer.concat([...held, last]);
}
