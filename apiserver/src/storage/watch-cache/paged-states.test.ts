import { createVirtualClock, type VirtualClock } from '@coracle/client/testing';
import { expect } from 'chai';
import { createOrderedMap } from '../local/index.ts';
import type { StoredEntry } from '../object-store/stored-entry.ts';
import { PagedStates } from './paged-states.ts';

const state = createOrderedMap<StoredEntry>();

describe('states that clients page through', () => {
  let clock: VirtualClock;
  let states: PagedStates;
  const known = (...revisions: number[]) => revisions.filter((revision) => states.get(revision) !== undefined);

  beforeEach(() => {
    clock = createVirtualClock();
    states = new PagedStates(clock);
  });
  afterEach(() => {
    states.clear();
    expect(clock.pendingTimers).to.equal(0);
  });

  it('are kept while pages are asked for, and ten seconds more', async () => {
    states.keep(1, state);
    states.keep(2, state);
    await clock.advance(9_000);
    expect(known(1)).to.deep.equal([1]);
    await clock.advance(9_000);
    expect(known(1, 2)).to.deep.equal([1]);
    await clock.advance(10_000);
    expect(known(1, 2)).to.deep.equal([]);
  });

  it('are sixteen at most: the longest unused goes first', () => {
    for (let revision = 1; revision <= 16; revision++) states.keep(revision, state);
    states.get(1);
    states.keep(17, state);
    expect(known(1, 2, 3, 17)).to.deep.equal([1, 3, 17]);
  });
});
