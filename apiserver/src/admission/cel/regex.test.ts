import { compile, stringType } from '@coracle/apimachinery/cel';
import { expect } from 'chai';
import { compileRegex } from './regex.ts';

/** Patterns on which an engine that backtracks does not come to an end, with texts that they almost match. */
const traps: [pattern: string, text: string][] = [
  ['^(a+)+$', `${'a'.repeat(5000)}!`],
  ['^(a|aa)+$', `${'a'.repeat(5000)}b`],
  ['^(.*a){12}$', 'a'.repeat(2000).concat('b')],
  ['([a-z]+)*[0-9]', 'x'.repeat(5000)],
];

describe('patterns in CEL', () => {
  for (const [pattern, text] of traps) {
    it(`${pattern} comes to an end`, () => {
      const program = compile(`text.matches('${pattern}') || text.find('${pattern}') != ''`, {
        variables: { text: stringType },
        regex: compileRegex,
        costMax: Number.POSITIVE_INFINITY,
      });
      expect(program.evaluate({ text })).to.equal(false);
    });
  }

  it('are RE2’s: what needs backtracking is no pattern', () => {
    const compiled = (pattern: string) => () =>
      compile(`'a'.matches(r'${pattern}')`, { variables: {}, regex: compileRegex });
    expect(compiled('(a)\\1')).to.throw('invalid matches argument');
    expect(compiled('a(?=b)')).to.throw('invalid matches argument');
    expect(compiled('(?i)A')).not.to.throw();
  });
});
