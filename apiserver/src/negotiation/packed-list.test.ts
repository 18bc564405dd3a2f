import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { StoredObject } from '../storage/object-store/object-store.ts';
import { packList } from './packed-list.ts';

const item = (name: string, text = name): StoredObject =>
  ({ name, jsonPieces: [Buffer.from(JSON.stringify({ name, text }))] }) as unknown as StoredObject;

async function unpack(items: readonly StoredObject[]): Promise<string> {
  const parts = { variant: 'test', head: Buffer.from('['), tail: Buffer.from(']'), separator: Buffer.from(',') };
  return gunzipSync(
    Buffer.concat(await packList({ ...parts, items, piecesOf: ({ jsonPieces }) => jsonPieces })),
  ).toString();
}

describe('packed lists', () => {
  const plain = (items: readonly StoredObject[]) =>
    `[${items.map(({ jsonPieces }) => Buffer.concat(jsonPieces).toString()).join(',')}]`;

  for (const count of [0, 1, 2, 500]) {
    it(`unpack to what was put in: ${count} objects`, async () => {
      const items = Array.from({ length: count }, (_, index) => item(`object-${index}`));
      expect(await unpack(items)).to.equal(plain(items));
    });
  }

  it('show changes in the middle, at the ends, and objects that are gone', async () => {
    const items = Array.from({ length: 300 }, (_, index) => item(`object-${index}`));
    await unpack(items);
    items[150] = item('object-150', 'changed');
    items.splice(40, 3);
    items.shift();
    items.push(item('one-more'));
    expect(await unpack(items)).to.equal(plain(items));
  });
});
