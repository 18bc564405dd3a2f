import { expect } from 'chai';
import { differences } from './differences.ts';
import { judge } from './listed.ts';

const entry = (at: string) => ({ at, reason: 'said' });

describe('the list of differences', () => {
  const theirs = { a: { b: 1, items: [{ name: 'x', v: 1 }, { name: 'y' }] }, list: ['p', 'q'], only: true };
  const ours = { a: { b: 2, items: [{ name: 'y' }, { name: 'x', v: 2 }] }, list: ['p'], more: {} };
  const places = ['a > b', 'a > items > [x] > v', 'a > items > [order]', 'list > [1]', 'more', 'only'];

  it('finds every place, items by their name', () => {
    expect(differences(theirs, ours).map(({ at }) => at.join(' > '))).to.deep.equal(places);
    expect(differences(theirs, theirs)).to.deep.equal([]);
  });

  it('tells what is not listed and what is listed in vain', () => {
    const found = differences(theirs, ours);
    expect(judge(found, places.map(entry))).to.deep.equal({ unlisted: [], stale: [] });
    expect(judge(found, [entry('**')])).to.deep.equal({ unlisted: [], stale: [] });
    const { unlisted, stale } = judge(found, [
      entry('a > **'),
      entry('** > v'),
      entry('*'),
      entry('l*'),
      entry('gone'),
    ]);
    expect(unlisted).to.deep.equal(['list > [1]: theirs "q", ours nothing']);
    expect(stale).to.deep.equal(['l*', 'gone']);
  });
});
