import { expect } from 'chai';
import { Reader } from './reader.ts';

describe('JSON in protobuf', () => {
  it('that nests too deep is refused', () => {
    const text = '['.repeat(2000) + ']'.repeat(2000);
    // Its length is a varint of two bytes.
    const reader = new Reader(Uint8Array.from([0xa0, 0x1f, ...Buffer.from(text)]));
    expect(() => reader.json()).to.throw('exceeded max depth');
  });
});

describe('times in protobuf', () => {
  it('outside of the years that can be written are refused', () => {
    // Field 1, a varint of 63 bits.
    const message = [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    const reader = new Reader(Uint8Array.from([message.length, ...message]));
    expect(() => reader.time()).to.throw('years 0 to 9999');
  });
});
