import { expect } from 'chai';
import type { StoredObject } from '../storage/object-store/object-store.ts';
import { SharedFrames } from './shared-frames.ts';

const change = (size: number) => ({ size }) as StoredObject;
const made = () => ({ bytes: new Uint8Array(), value: () => ({ type: 'ADDED', object: {} }) });

describe('shared frames', () => {
  for (const [what, count, size] of [
    ['changes', 512, 1],
    ['bytes', 8, 1 << 20],
  ] as const) {
    it(`are those of as many ${what} as may be kept, the oldest forgotten first`, () => {
      const shared = new SharedFrames();
      const changes = Array.from({ length: count + 1 }, () => change(size));
      const frames = changes.map((each) => shared.get(each, 'ADDED json', made));
      const again = changes.toReversed().map((each) => shared.get(each, 'ADDED json', made));
      expect(
        again
          .toReversed()
          .map((frame, index) => frame === frames[index])
          .indexOf(true),
      ).to.equal(1);
    });
  }
});
