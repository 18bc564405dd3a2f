import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { anotherType, kindProblem, unrecognizedJson } from './unreadable-body.ts';

const kind = { group: '', version: 'v1', kind: 'Pod' };
const head = 'the object provided is unrecognized (must be of type Pod): ';
const json = "couldn't get version/kind; json parse error: ";

/** Each case: a body, and what upstream says of it; undefined where it says what it is, or leaves it out. */
const cases: [body: string, expected: string | undefined][] = [
  ['', `${head}${json}unexpected end of JSON input (<empty>)`],
  ['{"a":', `${head}${json}unexpected end of JSON input ({"a":)`],
  [
    '[]',
    `${head}${json}json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (5b5d)`,
  ],
  ['{"kind":5}', `${head}${json}json: cannot unmarshal number into Go struct field .kind of type string ({"kind":5})`],
  [
    '{"apiVersion":"x/y/z","kind":"Pod","metadata":{}}',
    `${head}unexpected GroupVersion string: x/y/z ({"apiVersion":"x/y/z","kind":" ...)`,
  ],
  ['{"kind":"Pod"}', undefined],
  ['null', undefined],
];

describe('a body that does not say what it is', () => {
  for (const [body, expected] of cases) {
    it(JSON.stringify(body), () => expect(unrecognizedJson(kind, Buffer.from(body))?.message).to.equal(expected));
  }
});

describe('a custom resource that says it is something else', () => {
  it('is told what it must be, under the name that it gives itself', () => {
    const widget = { group: 'example.com', version: 'v1', kind: 'Widget' };
    const { message, code } = anotherType({ apiVersion: 'x', kind: 'Bogus', metadata: { name: 'a' } }, widget);
    expect(code).to.equal(422);
    expect(message).to.equal(
      'Bogus "a" is invalid: [kind: Invalid value: "Bogus": must be Widget, apiVersion: Invalid value: "x": must be example.com/v1]',
    );
  });
});

describe('what a patch makes of an object', () => {
  it('can be told to be of a kind where apiVersion and kind are texts, or left out', () => {
    expect(kindProblem({ apiVersion: 1 })).to.equal(
      `${json}json: cannot unmarshal number into Go struct field .apiVersion of type string`,
    );
    expect(kindProblem({ kind: null, apiVersion: 'v1' })).to.equal(undefined);
  });
});
