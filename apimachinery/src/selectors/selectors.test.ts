import { expect } from 'chai';
import fc from 'fast-check';
import {
  escapeFieldValue,
  fieldEquals,
  formatLabelSelector,
  parseFieldSelector,
  parseLabelSelector,
  selectorOf,
  selectorOfLabels,
} from './index.ts';

describe('label selectors', () => {
  const printed: [string, string][] = [
    ['', ''],
    ['a=b', 'a=b'],
    [' b in (z, y,y) , a == c', 'a==c,b in (y,z)'],
    ['!a,b', '!a,b'],
    ['a!=,b', 'a!=,b'],
    ['in in (in,notin)', 'in in (in,notin)'],
    ['a>5,b<3', 'a>5,b<3'],
    ['a in (,x)', 'a in (,x)'],
    ['a in ()', 'a in ()'],
    ['example.com/a=b', 'example.com/a=b'],
  ];
  for (const [text, expected] of printed) {
    it(`'${text}' prints as '${expected}'`, () => expect(parseLabelSelector(text).toString()).to.equal(expected));
  }

  const refused: [string, string][] = [
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a in (', "unable to parse requirement: found '', expected: ',', ')' or identifier"],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['a=b,', "found '', expected: identifier after ','"],
    ['a=b c', "found 'c', expected: ',' or 'end of string'"],
    ['=a', "found '=', expected: !, identifier, or 'end of string'"],
    ['a=(', "unable to parse requirement: found '(', expected: identifier"],
    [
      'a>x',
      `unable to parse requirement: values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
  ];
  for (const [text, message] of refused) {
    it(`'${text}' is refused with upstream's text`, () =>
      expect(() => parseLabelSelector(text)).to.throw(Error, message));
  }

  it('names the key that is no label key', () => {
    expect(() => parseLabelSelector('-a=b')).to.throw(
      /^unable to parse requirement: <nil>: Invalid value: "-a": name part must/,
    );
    expect(() => parseLabelSelector('a=b!')).to.throw(/^found '!', expected/);
  });

  const matching: [string, Record<string, string>, boolean][] = [
    ['a=b', { a: 'b' }, true],
    ['a=b', {}, false],
    ['a!=b', {}, true],
    ['a notin (b,c)', { a: 'c' }, false],
    ['a', { a: '' }, true],
    ['!a', { a: '' }, false],
    ['a>5', { a: '6' }, true],
    ['a>5', { a: 'x' }, false],
    ['a<9223372036854775807', { a: '9223372036854775806' }, true],
    ['constructor', {}, false],
  ];
  for (const [text, labels, expected] of matching) {
    it(`'${text}' ${expected ? 'matches' : 'does not match'} ${JSON.stringify(labels)}`, () => {
      expect(parseLabelSelector(text).matches(labels)).to.equal(expected);
    });
  }

  it('print to a text that reads as the same selector', () => {
    const word = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,5}[a-z0-9])?$/);
    const requirement = fc.oneof(
      fc.tuple(word, fc.constantFrom('=', '==', '!='), word).map((parts) => parts.join('')),
      fc
        .tuple(word, fc.constantFrom('in', 'notin'), fc.array(word, { minLength: 1 }))
        .map(([key, operator, values]) => `${key} ${operator} (${values})`),
      word,
      word.map((key) => `!${key}`),
    );
    fc.assert(
      fc.property(fc.array(requirement), (requirements) => {
        const text = parseLabelSelector(requirements.join(',')).toString();
        expect(parseLabelSelector(text).toString()).to.equal(text);
      }),
    );
  });

  it('of objects: absent is nothing, empty is everything', () => {
    expect(selectorOf(undefined).matches({ a: 'b' })).to.equal(false);
    expect(selectorOf({}).matches({ a: 'b' })).to.equal(true);
    const selector = selectorOf({
      matchLabels: { b: 'c' },
      matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['x', 'y'] }],
    });
    expect(selector.toString()).to.equal('a notin (x,y),b=c');
    expect(selector.exactValue('b')).to.equal('c');
    expect(selector.exactValue('a')).to.equal(undefined);
    expect(() => selectorOf({ matchExpressions: [{ key: 'a', operator: 'Gt' }] })).to.throw(
      '"Gt" is not a valid label selector operator',
    );
    expect(formatLabelSelector({})).to.equal('<none>');
    expect(selectorOfLabels({ b: '1', a: '2' }).toString()).to.equal('a=2,b=1');
  });
});

describe('field selectors', () => {
  it('read, match and print', () => {
    const selector = parseFieldSelector('status.phase!=Running,metadata.name==a');
    expect(selector.toString()).to.equal('metadata.name=a,status.phase!=Running');
    expect(selector.matches({ 'metadata.name': 'a', 'status.phase': '' })).to.equal(true);
    expect(selector.matches({ 'metadata.name': 'a', 'status.phase': 'Running' })).to.equal(false);
    expect(selector.exactValue('metadata.name')).to.equal('a');
    expect(parseFieldSelector('spec.nodeName=').matches({})).to.equal(true);
  });

  it('escape any value', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        expect(parseFieldSelector(`a=${escapeFieldValue(value)}`).exactValue('a')).to.equal(value);
        expect(fieldEquals('a', value).toString()).to.equal(`a=${escapeFieldValue(value)}`);
      }),
    );
  });

  const refused: [string, string][] = [
    ['abc', "invalid selector: 'abc'; can't understand 'abc'"],
    ['a=b\\x', 'invalid field selector: invalid escape sequence: \\x'],
    ['a=b\\', 'invalid field selector: invalid escape sequence: \\'],
    ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
  ];
  for (const [text, message] of refused) {
    it(`'${text}' is refused with upstream's text`, () =>
      expect(() => parseFieldSelector(text)).to.throw(Error, message));
  }

  it('are mapped requirement by requirement', () => {
    const selector = parseFieldSelector('a=1,b=2').map((part) =>
      part.field === 'a' ? undefined : { ...part, field: 'c' },
    );
    expect(selector.toString()).to.equal('c=2');
  });
});
