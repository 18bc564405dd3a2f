import { expect } from 'chai';
import { listFreshness, parseListOptions } from './list-options.ts';

describe('list options', () => {
  const fresh = [
    { query: '', gives: { type: 'newest' } },
    { query: 'resourceVersion=0', gives: { type: 'any' } },
    { query: 'resourceVersion=7', gives: { type: 'at-least', revision: 7 } },
    { query: 'resourceVersion=7&resourceVersionMatch=Exact', gives: { type: 'exact', revision: 7 } },
    { query: 'resourceVersion=7&limit=5', gives: { type: 'exact', revision: 7 } },
    { query: 'resourceVersion=7&limit=5&resourceVersionMatch=NotOlderThan', gives: { type: 'at-least', revision: 7 } },
    { query: 'resourceVersion=0&limit=5', gives: { type: 'any' } },
  ];
  for (const { query, gives } of fresh) {
    it(`a list with "${query}" is of ${JSON.stringify(gives)}`, () => {
      expect(listFreshness(parseListOptions(new URLSearchParams(query)))).to.deep.equal(gives);
    });
  }

  const refused = [
    {
      query: 'resourceVersionMatch=Exact',
      says: 'resourceVersionMatch is forbidden unless resourceVersion is provided',
    },
    { query: 'resourceVersion=0&resourceVersionMatch=Exact', says: 'is forbidden for resourceVersion "0"' },
    { query: 'resourceVersion=1&resourceVersionMatch=Newest', says: 'Unsupported value: "Newest"' },
    { query: 'sendInitialEvents=true', says: 'sendInitialEvents is forbidden for list' },
    {
      query: 'watch=1&sendInitialEvents=true',
      says: 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    },
    {
      query: 'watch=1&resourceVersion=1&resourceVersionMatch=NotOlderThan',
      says: 'unless sendInitialEvents is provided',
    },
    { query: 'limit=many', says: 'strconv.ParseInt: parsing "many": invalid syntax' },
  ];
  for (const { query, says } of refused) {
    it(`refuses "${query}"`, () => {
      expect(() => parseListOptions(new URLSearchParams(query))).to.throw(says);
    });
  }

  it('tells the present state first to a watch from nowhere in particular', () => {
    expect(parseListOptions(new URLSearchParams('watch=true')).sendInitialEvents).to.equal(true);
    expect(parseListOptions(new URLSearchParams('watch=true&resourceVersion=5')).sendInitialEvents).to.equal(undefined);
  });
});
