import { expect } from 'chai';
import fc from 'fast-check';
import { deepCopy, deepEqual, getAt, type JsonObject, removeAt, semanticEqual, setAt } from './index.ts';

describe('json', () => {
  it('copies what JSON copies', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const copy = deepCopy(value);
        expect(JSON.stringify(copy)).to.equal(JSON.stringify(value));
        expect(deepEqual(copy, value)).to.equal(true);
      }),
    );
  });

  it('equality agrees with the canonical text', () => {
    const canonical = (value: unknown): string =>
      JSON.stringify(value, (_key, item: unknown) =>
        item !== null && typeof item === 'object' && !Array.isArray(item)
          ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
          : item,
      );
    const small = fc.jsonValue({ maxDepth: 2 });
    fc.assert(
      fc.property(small, small, (a, b) => {
        expect(deepEqual(a, b)).to.equal(canonical(a) === canonical(b));
      }),
    );
  });

  it('never reaches a prototype', () => {
    const evil = JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":1}}') as JsonObject;
    const copy = deepCopy(evil);
    expect(Object.keys(copy)).to.deep.equal(['__proto__', 'constructor']);
    expect((copy as { polluted?: boolean }).polluted).to.equal(undefined);
    expect(getAt({}, ['constructor'])).to.equal(undefined);
    const target: JsonObject = {};
    setAt(target, ['__proto__', 'polluted'], true);
    expect(({} as { polluted?: boolean }).polluted).to.equal(undefined);
    expect(getAt(target, ['__proto__', 'polluted'])).to.equal(true);
    expect(removeAt(target, ['__proto__', 'polluted'])).to.equal(true);
  });

  it('takes nothing, null and an empty list for the same where meaning counts', () => {
    expect(semanticEqual({ a: [], b: null }, {})).to.equal(true);
    expect(semanticEqual({ c: {} }, {})).to.equal(false);
    expect(semanticEqual({ a: 0 }, {})).to.equal(false);
    expect(deepEqual({ a: undefined }, {})).to.equal(true);
  });
});
