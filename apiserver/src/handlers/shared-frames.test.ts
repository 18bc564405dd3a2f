import { expect } from 'chai';
import type { WatchFrame } from '../http/api-request.ts';
import type { StoredObject, StoreEvent } from '../storage/object-store/object-store.ts';
import { SharedFrames } from './shared-frames.ts';

type ObjectEvent = Exclude<StoreEvent, { type: 'BOOKMARK' }>;

const added = (size: number): ObjectEvent => ({ type: 'ADDED', object: { size } as StoredObject });
const frame = (): WatchFrame => ({ bytes: new Uint8Array(), value: () => ({ type: 'ADDED', object: {} }) });
const json = { variant: 'json', frame };
const protobuf = { variant: 'protobuf', frame };

describe('shared frames', () => {
  it('are one for an event and a view, whoever asks in whatever order', () => {
    const shared = new SharedFrames();
    const event = added(1);
    const first = shared.get(event, json);
    const other = shared.get(event, protobuf);
    expect(other).not.to.equal(first);
    expect(shared.get(event, json)).to.equal(first);
    expect(shared.get(event, { ...json })).to.equal(first);
    expect(shared.get({ ...event, type: 'MODIFIED' }, json)).not.to.equal(first);
    expect(shared.get(event, protobuf)).to.equal(other);
  });

  for (const [what, count, size] of [
    ['changes', 512, 1],
    ['bytes', 8, 1 << 20],
  ] as const) {
    it(`are those of as many ${what} as may be kept, the oldest forgotten first`, () => {
      const shared = new SharedFrames();
      const changes = Array.from({ length: count + 1 }, () => added(size));
      const frames = changes.map((each) => shared.get(each, json));
      const again = changes.toReversed().map((each) => shared.get(each, json));
      expect(
        again
          .toReversed()
          .map((each, index) => each === frames[index])
          .indexOf(true),
      ).to.equal(1);
    });
  }
});
