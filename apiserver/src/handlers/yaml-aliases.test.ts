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

  it('are merged into a mapping, whose own keys count', () => {
    expect(parsed('a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}')).to.deep.equal({ a: { x: 1, y: 2 }, b: { x: 1, y: 3 } });
    expect(() => parsed('b: {<<: 1}')).to.throw('cannot merge mappings');
  });

  it('that merge a lot are refused', () => {
    const keys = Array.from({ length: 5000 }, (_, index) => `k${index}: 1`).join(', ');
    const merging = Array.from({ length: 100 }, (_, index) => `m${index}: {<<: *a}`).join('\n');
    expect(() => parsed(`a: &a {${keys}}\n${merging}`)).to.throw('merge keys exceeded');
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
