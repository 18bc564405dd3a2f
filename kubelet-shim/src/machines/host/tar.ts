/** A file of an archive; names of up to 100 bytes. */
export interface TarEntry {
  readonly name: string;
  readonly mode: number;
  readonly content: Buffer;
}

const blockBytes = 512;

/** A ustar archive of plain files owned by root, the same bytes for the same entries. */
export function tarArchive(entries: readonly TarEntry[]): Buffer {
  const parts = entries.flatMap(({ name, mode, content }) => {
    const padding = Buffer.alloc((blockBytes - (content.length % blockBytes)) % blockBytes);
    return [header(name, mode, content.length), content, padding];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * blockBytes)]);
}

function header(name: string, mode: number, size: number): Buffer {
  const block = Buffer.alloc(blockBytes);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
  block.write(name, 0);
  block.write(octal(mode, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(0, 11), 136);
  block.write(' '.repeat(8), 148); // the sum counts itself as blanks
  block.write('0', 156);
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
  return block;
}
