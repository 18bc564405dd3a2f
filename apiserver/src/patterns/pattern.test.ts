import { expect } from 'chai';
import { compilePattern } from './index.ts';

describe('patterns of users', () => {
  const long = `${'a'.repeat(100_000)}!`;

  for (const source of ['^(a+)+$', '(a|a)*b', '^(a|aa)+$', '(.*)*x', '(x+x+)+y', '^(([a-z])+.)+[A-Z]([a-z])+$']) {
    it(`such as ${source} do not go back and forth`, () => {
      expect(compilePattern(source).test(long)).to.equal(false);
    });
  }

  it('are refused where they repeat too often, nest too deeply or are too long', () => {
    expect(() => compilePattern('(a{100}){100}')).to.throw('error parsing regexp: invalid repeat count');
    expect(() => compilePattern('('.repeat(2000) + ')'.repeat(2000))).to.throw('expression nests too deeply');
    expect(() => compilePattern('a'.repeat(65_537))).to.throw('pattern of 65537 characters: limit is 65536');
  });

  it('are not tried on a text that would take them long', () => {
    const costly = compilePattern('[a-z]{1,1000}!{3}');
    expect(costly.test(`${'a'.repeat(1000)}!!!`)).to.equal(true);
    expect(() => costly.test(long)).to.throw('too long for a pattern of');
  });

  it('are not looked for again and again in all of a long text', () => {
    const pattern = compilePattern('(a+b)|a');
    expect(() => pattern.findAll('a'.repeat(20_000))).to.throw('too many matches');
    expect(pattern.find('a'.repeat(20_000))).to.equal('a');
  });

  it('find what matches in order', () => {
    expect(compilePattern('[a-z]+').findAll('ab 1 c')).to.deep.equal(['ab', 'c']);
    expect(compilePattern('[a-z]+').find('1 ab c')).to.equal('ab');
    expect(compilePattern('[a-z]+').find('1')).to.equal(undefined);
  });
});
