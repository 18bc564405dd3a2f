/** One thing in an image layer. Paths without a leading slash. */
export interface LayerEntry {
  readonly path: string;
  /** Absent: a folder. */
  readonly content?: Uint8Array | { readonly linkTo: string };
  /** Permission bits, 0o755 where absent. */
  readonly mode?: number;
}

const blockBytes = 512;

/** A ustar archive with everything owned by root at time 0: the same entries give the same bytes. */
export function tar(entries: readonly LayerEntry[]): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (const entry of entries) {
    const content = entry.content instanceof Uint8Array ? entry.content : new Uint8Array(0);
    blocks.push(header(entry, content.length), content);
    const rest = content.length % blockBytes;
    if (rest !== 0) blocks.push(new Uint8Array(blockBytes - rest));
  }
  blocks.push(new Uint8Array(2 * blockBytes));
  return Buffer.concat(blocks);
}

function header({ path, content, mode = 0o755 }: LayerEntry, size: number): Uint8Array {
  const link = content !== undefined && !(content instanceof Uint8Array) ? content.linkTo : '';
  const name = content === undefined ? `${path}/` : path;
  if (Buffer.byteLength(name) > 100 || Buffer.byteLength(link) > 100) throw new Error(`${name}: longer than 100 bytes`);
  const block = Buffer.alloc(blockBytes);
  block.write(name, 0);
  block.write(octal(mode, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(0, 11), 136);
  block.write('        ', 148);
  block.write(content === undefined ? '5' : link === '' ? '0' : '2', 156);
  block.write(link, 157);
  block.write('ustar\u000000', 257);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${octal(sum, 6)}\u0000 `, 148);
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
