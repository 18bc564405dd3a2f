import { expect } from 'chai';
import { isTooDeep, jsonDepthMax, parseJson } from './depth.ts';

const lists = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const objects = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

const cases: readonly (readonly [what: string, text: string, tooDeep: boolean])[] = [
  ['lists as deep as may be', lists(jsonDepthMax), false],
  ['lists one deeper', lists(jsonDepthMax + 1), true],
  ['objects as deep as may be', objects(jsonDepthMax), false],
  ['objects one deeper', objects(jsonDepthMax + 1), true],
  ['many lists beside each other', `[${'[],'.repeat(5000)}0]`, false],
  ['brackets in a string', JSON.stringify(['['.repeat(5000)]), false],
  ['brackets in a string after quotes and backslashes', JSON.stringify([`\\"${'['.repeat(5000)}`]), false],
  ['brackets after a string that ends in a backslash', `["\\\\",${lists(jsonDepthMax)}]`, true],
  ['a string that does not end', `"${'['.repeat(5000)}`, false],
];

describe('how deep a JSON text nests', () => {
  for (const [what, text, tooDeep] of cases) it(what, () => expect(isTooDeep(text)).to.equal(tooDeep));

  it('is no matter for a syntax error, and one where it is too deep', () => {
    expect(parseJson(lists(2))).to.deep.equal([[]]);
    expect(() => parseJson(lists(jsonDepthMax + 1))).to.throw(SyntaxError, 'exceeded max depth');
  });
});
