import { expect } from 'chai';
import { parse } from './parse.ts';

/** Longest chains that cel-go 0.29 parses, each of one more link being too many; `&&` makes a balanced tree of any length. */
const chains: readonly (readonly [name: string, (links: number) => string])[] = [
  ['sums', (links) => `${'1 + '.repeat(links)}1`],
  ['products', (links) => `${'1 * '.repeat(links)}1`],
  ['comparisons', (links) => `${'1 < '.repeat(links)}1`],
  ['fields', (links) => `a${'.x'.repeat(links)}`],
  ['indexes', (links) => `a${'[0]'.repeat(links)}`],
  ['calls', (links) => `a${'.f()'.repeat(links)}`],
];

describe('long CEL expressions', () => {
  for (const [name, chain] of chains) {
    it(`have at most 250 links in a chain of ${name}`, () => {
      expect(() => parse(chain(250))).not.to.throw();
      for (const links of [251, 20_000]) expect(() => parse(chain(links))).to.throw('max recursion depth exceeded');
    });
  }

  it('may have any number of conditions', () => {
    expect(() => parse(`${'a && '.repeat(5000)}a`)).not.to.throw();
  });
});
