import { expect } from 'chai';
import { parseYaml } from './yaml-body.ts';

const parse = (text: string) => parseYaml(Buffer.from(text), true);

describe('yaml bodies', () => {
  it('takes the last of a repeated key and names every repetition by its line', () => {
    const { value, duplicates } = parse('a: 1\nb: {x: 1, x: 2}\nc:\n  "d": 1\n  d: 2\na: 3\n');
    expect(value).to.deep.equal({ a: 3, b: { x: 2 }, c: { d: 2 } });
    expect(duplicates).to.deep.equal([
      'line 2: key "x" already set in map',
      'line 5: key "d" already set in map',
      'line 6: key "a" already set in map',
    ]);
  });

  it('reads JSON, which is YAML', () => {
    expect(parse('{"a": [1, "b"]}').value).to.deep.equal({ a: [1, 'b'] });
  });

  it('says what is no YAML', () => {
    expect(() => parse('a: [1')).to.throw(/^error converting YAML to JSON: yaml: /);
  });
});
