import { expect } from 'chai';
import type { RuntimeImage } from '../runtime/index.ts';
import { type ImageUse, imagesToRemove, noteUse } from './image-garbage.ts';

const image = (id: string, pinned = false): RuntimeImage => ({
  id,
  repoTags: [],
  repoDigests: [],
  sizeBytes: 1,
  username: '',
  pinned,
});
const minute = 60_000;

describe('image garbage', () => {
  const seen = new Map<string, ImageUse>();
  const images = [image('old'), image('used'), image('once'), image('pause', true)];

  it('is what nobody uses, the longest unused first', () => {
    noteUse(seen, images, new Set(['used', 'once']), 0);
    const inUse = new Set(['used']);
    noteUse(seen, images, inUse, 3 * minute);
    expect(imagesToRemove(images, inUse, seen, 3 * minute).map(({ id }) => id)).to.deep.equal(['old', 'once']);
  });

  it('is not what has just come', () => {
    const more = [...images, image('new')];
    noteUse(seen, more, new Set(), 4 * minute);
    expect(imagesToRemove(more, new Set(), seen, 5 * minute).map(({ id }) => id)).to.deep.equal([
      'old',
      'once',
      'used',
    ]);
    expect(imagesToRemove(more, new Set(), seen, 6 * minute).map(({ id }) => id)).to.include('new');
  });
});
