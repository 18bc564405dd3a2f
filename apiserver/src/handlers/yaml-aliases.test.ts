import { expect } from 'chai';
import { parseYaml } from './yaml-body.ts';

const parsed = (text: string) => parseYaml(new TextEncoder().encode(text), false).value;

function bomb(levels: number): string {
  const lines = ['l0: &l0 [x]'];
  for (let level = 1; level <= levels; level++) lines.push(`l${level}: &l${level} [${`*l${level - 1},`.repeat(10)}]`);
  return lines.join('\n');
}

describe('aliases of YAML', () => {
  it('stand for what they name', () => {
    expect(parsed('a: &a {x: 1}\nb: *a')).to.deep.equal({ a: { x: 1 }, b: { x: 1 } });
  });

  it('may be many in a small document', () => {
    expect(() => parsed(`a: &a [1, 2]\nb: [${'*a,'.repeat(200)}]`)).not.to.throw();
  });

  for (const levels of [5, 9, 40]) {
    it(`of aliases, ${levels} deep, are refused`, () => {
      expect(() => parsed(bomb(levels))).to.throw('document contains excessive aliasing');
    });
  }

  it('of what they are in are refused', () => {
    expect(() => parsed('a: &a\n  b: *a')).to.throw();
  });
});
