import { expect } from 'chai';
import { Writer } from './writer.ts';

describe('protobuf writer', () => {
  const rows: readonly (readonly [name: string, write: (writer: Writer) => void, bytes: readonly number[]])[] = [
    ['a short varint', (writer) => writer.varint(7), [7]],
    ['a varint of two bytes', (writer) => writer.varint(300), [172, 2]],
    ['a long varint', (writer) => writer.varint(-1), [...Array<number>(9).fill(255), 1]],
    ['a boolean', (writer) => writer.boolean(true), [1]],
    ['a double', (writer) => writer.double(1), [0, 0, 0, 0, 0, 0, 240, 63]],
    ['a text', (writer) => writer.string('ab'), [2, 97, 98]],
  ];
  for (const [name, write, bytes] of rows) {
    it(`keeps ${name} at the moment its buffer grows`, () => {
      const kibibytes16 = 16 * 1024;
      for (let before = kibibytes16 - 16; before <= kibibytes16; before++) {
        const writer = new Writer();
        writer.raw(new Uint8Array(before).fill(9));
        write(writer);
        const written = writer.finish();
        expect([...written.subarray(0, bytes.length)], String(before)).to.deep.equal(bytes);
        expect(written.length).to.equal(before + bytes.length);
      }
    });
  }
});
