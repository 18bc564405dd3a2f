import { expect } from 'chai';
import fc from 'fast-check';
import { applyPatch } from 'rfc6902';
import { StatusError } from '../errors/index.ts';
import { deepCopy, deepEqual, type JsonObject } from '../json/index.ts';
import type { Field, ObjectSchema, Schema } from '../schema/index.ts';
import {
  mergedPatch,
  applyJsonPatch,
  applyMergePatch,
  applyStrategicMergePatch,
  createMergePatch,
  createStrategicPatch,
  type JsonPatchOperation,
} from './index.ts';

function failure(run: () => unknown): StatusError {
  try {
    run();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const small = fc.jsonValue({ maxDepth: 3, depthSize: 'small' });
const token = fc.constantFrom('a', 'b', '0', '1', '-', '~1', 'constructor');
const pointer = fc.array(token, { maxLength: 3 }).map((tokens) => tokens.map((text) => `/${text}`).join(''));
const operation = fc.oneof(
  fc.record({ op: fc.constantFrom('add', 'replace', 'test'), path: pointer, value: small }),
  fc.record({ op: fc.constant('remove'), path: pointer }),
  fc.record({ op: fc.constantFrom('move', 'copy'), path: pointer, from: pointer }),
);

describe('json patch', () => {
  it('does what the library does, without touching the document', () => {
    const document = fc.dictionary(fc.constantFrom('a', 'b', '/'), fc.oneof(small, fc.array(small)));
    fc.assert(
      fc.property(document, fc.array(operation, { maxLength: 3 }), (value, operations) => {
        const before = deepCopy(value);
        const patch = operations.filter(({ path }) => path !== '') as JsonPatchOperation[];
        let result: unknown;
        try {
          result = applyJsonPatch(value, patch);
        } catch {
          result = undefined;
        }
        expect(value).to.deep.equal(before);
        if (result === undefined) return;
        const oracle = deepCopy(value);
        const failures = applyPatch(oracle, deepCopy(patch)).filter((problem) => problem !== null);
        const tolerated = patch.some((part) => part.op === 'test' && part.value === null);
        if (!tolerated) expect(failures).to.deep.equal([]);
        expect(deepEqual(result, oracle)).to.equal(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('shares what it does not touch', () => {
    const document = { spec: { a: { x: 1 } }, status: { b: 2 } };
    const result = applyJsonPatch(document, [{ op: 'replace', path: '/status/b', value: 3 }]);
    expect(result.spec).to.equal(document.spec);
    expect(result).to.deep.equal({ spec: { a: { x: 1 } }, status: { b: 3 } });
  });

  it('replaces the whole document', () => {
    expect(applyJsonPatch<unknown>({ a: 1 }, [{ op: 'replace', path: '', value: [1] }])).to.deep.equal([1]);
  });

  it('refuses operations that cannot be done, as upstream without saying which', () => {
    const error = failure(() => applyJsonPatch({ a: [1] }, [{ op: 'remove', path: '/a/1' }]));
    expect(error.code).to.equal(422);
    expect(error.message).to.equal('the server rejected our request due to an error in our request');
    expect(error.status.details).to.deep.equal({});
    expect(failure(() => applyJsonPatch({ a: 1 }, [{ op: 'test', path: '/a', value: 2 }])).code).to.equal(422);
    expect(failure(() => applyJsonPatch({}, [{ op: 'frob', path: '/a' }])).code).to.equal(422);
  });

  const malformed: [string, unknown][] = [
    ['no list', {}],
    ['no pointer', [{ op: 'remove', path: 'a' }]],
    ['no value', [{ op: 'add', path: '/a' }]],
    ['no source', [{ op: 'move', path: '/a' }]],
  ];
  for (const [name, patch] of malformed) {
    it(`with ${name} is a bad request`, () =>
      expect(failure(() => applyJsonPatch({}, patch)).reason).to.equal('BadRequest'));
  }

  it('never reaches a prototype', () => {
    const evil = [{ op: 'add', path: '/__proto__/polluted', value: true }];
    expect(failure(() => applyJsonPatch({}, evil)).code).to.equal(422);
    expect(({} as { polluted?: boolean }).polluted).to.equal(undefined);
  });

  it('has limits', () => {
    const many = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '', value: 1 }));
    expect(failure(() => applyJsonPatch(1, many)).reason).to.equal('RequestEntityTooLarge');
    const document = { a: 'x'.repeat(1_100_000) };
    const bomb = [0, 1, 2].map((index) => ({ op: 'copy', from: '/a', path: `/b${index}` }));
    expect(failure(() => applyJsonPatch(document, bomb)).reason).to.equal('RequestEntityTooLarge');
  });
});

describe('merge patch', () => {
  it('made from two documents turns one into the other', () => {
    const withoutNull = fc
      .dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }))
      .map((value) => applyMergePatch({}, value) as JsonObject);
    fc.assert(
      fc.property(withoutNull, withoutNull, (a, b) => {
        const patch = createMergePatch(a, b);
        expect(patch === undefined).to.equal(deepEqual(a, b));
        expect(deepEqual(applyMergePatch(a, patch ?? {}), b)).to.equal(true);
      }),
    );
  });

  it('must be an object', () => expect(failure(() => applyMergePatch({}, [])).reason).to.equal('BadRequest'));
});

const text: Schema = { type: 'scalar', scalar: 'string' };
function object(fields: Record<string, Schema | Omit<Field, 'name'>>): ObjectSchema {
  const entries = Object.entries(fields).map(([name, value]): [string, Field] => [
    name,
    'schema' in value ? { name, ...value } : { name, schema: value as Schema },
  ]);
  return { type: 'object', fields: new Map(entries) };
}
const list = (items: Schema): Schema => ({ type: 'list', items, listType: 'atomic' });
const container = object({
  name: text,
  image: text,
  args: list(text),
  ports: { schema: list(object({ port: text, name: text })), patchStrategy: ['merge'], patchMergeKey: 'port' },
});
const podSchema = object({
  labels: { type: 'map', values: text },
  finalizers: { schema: list(text), patchStrategy: ['merge'] },
  containers: { schema: list(container), patchStrategy: ['merge'], patchMergeKey: 'name' },
  strategy: { schema: object({ type: text, rolling: object({ surge: text }) }), patchStrategy: ['retainKeys'] },
  whole: { schema: object({ a: text, b: text }), patchStrategy: ['replace'] },
});

describe('strategic merge patch', () => {
  const cases: [string, JsonObject, JsonObject, JsonObject][] = [
    [
      'merges objects and deletes with null',
      { labels: { a: '1', b: '2' } },
      { labels: { a: null, c: '3' } },
      { labels: { b: '2', c: '3' } },
    ],
    [
      'merges lists by their key and keeps their order',
      {
        containers: [
          { name: 'a', image: 'x' },
          { name: 'b', image: 'y', args: ['1'] },
        ],
      },
      {
        containers: [
          { name: 'b', args: ['2', '3'] },
          { name: 'c', image: null, args: [] },
        ],
      },
      {
        containers: [
          { name: 'a', image: 'x' },
          { name: 'b', image: 'y', args: ['2', '3'] },
          { name: 'c', args: [] },
        ],
      },
    ],
    [
      'deletes items of lists',
      { containers: [{ name: 'a' }, { name: 'b' }] },
      { containers: [{ name: 'a', $patch: 'delete' }] },
      { containers: [{ name: 'b' }] },
    ],
    [
      'replaces whole lists on demand',
      { containers: [{ name: 'a' }] },
      { containers: [{ $patch: 'replace' }, { name: 'b' }] },
      { containers: [{ name: 'b' }] },
    ],
    [
      'orders lists',
      { containers: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] },
      { '$setElementOrder/containers': [{ name: 'c' }, { name: 'a' }] },
      { containers: [{ name: 'b' }, { name: 'c' }, { name: 'a' }] },
    ],
    [
      'adds to and deletes from lists of scalars',
      { finalizers: ['a', 'b'] },
      { finalizers: ['c'], '$deleteFromPrimitiveList/finalizers': ['a'], '$setElementOrder/finalizers': ['c', 'b'] },
      { finalizers: ['c', 'b'] },
    ],
    [
      'keeps only retained fields',
      { strategy: { type: 'RollingUpdate', rolling: { surge: '1' } } },
      { strategy: { $retainKeys: ['type'], type: 'Recreate' } },
      { strategy: { type: 'Recreate' } },
    ],
    [
      'replaces an object by directive',
      { labels: { a: '1' } },
      { labels: { $patch: 'replace', b: '2' } },
      { labels: { b: '2' } },
    ],
    ['empties an object by directive', { labels: { a: '1' } }, { labels: { $patch: 'delete' } }, { labels: {} }],
    ['replaces fields whose strategy says so', { whole: { a: '1' } }, { whole: { b: '2' } }, { whole: { b: '2' } }],
    [
      'merges lists inside of items',
      { containers: [{ name: 'a', ports: [{ port: 80, name: 'x' }] }] },
      { containers: [{ name: 'a', ports: [{ port: 81 }, { port: 80, name: 'y' }] }] },
      { containers: [{ name: 'a', ports: [{ port: 81 }, { port: 80, name: 'y' }] }] },
    ],
  ];
  for (const [name, document, patch, expected] of cases) {
    it(name, () => {
      const before = deepCopy(document);
      expect(applyStrategicMergePatch(document, patch, podSchema)).to.deep.equal(expected);
      expect(document).to.deep.equal(before);
    });
  }

  const refused: [string, JsonObject, string][] = [
    [
      'items without their key',
      { containers: [{ image: 'x' }] },
      'map: map[image:x] does not contain declared merge key: name',
    ],
    ['unknown directives', { labels: { $patch: 'frob' } }, 'unknown patch type: frob in map: map[$patch:frob]'],
    [
      'fields that are not retained',
      { strategy: { $retainKeys: [], type: 'x' } },
      'invalid patch format of retainKeys',
    ],
    [
      'items that an order leaves out, directives at the end among them',
      { '$setElementOrder/containers': [{ name: 'a' }], containers: [{ name: 'a' }, { $patch: 'replace' }] },
      "The order in patch list:\n[map[name:a] map[$patch:replace]]\n doesn't match $setElementOrder list:\n[map[name:a]]\n",
    ],
    ['items that are no objects', { containers: ['x'] }, 'expected a map[string]interface {}, but received a string'],
    ['malformed list directives', { '$deleteFromPrimitiveList.x': [] }, 'invalid patch format of primitive list'],
  ];
  for (const [name, patch, message] of refused) {
    it(`refuses ${name}`, () => {
      const document = { containers: [{ name: 'a' }], labels: { a: '1' }, strategy: { type: 'y' } };
      const error = failure(() => applyStrategicMergePatch(document, patch, podSchema));
      expect(error.code).to.equal(message.startsWith('invalid patch format') ? 400 : 500);
      expect(error.message).to.equal(message);
    });
  }

  it('made from two objects turns one into the other', () => {
    const word = fc.constantFrom('a', 'b', 'c', 'd');
    const unique = <T>(items: fc.Arbitrary<T>, key: (item: T) => unknown) =>
      fc.uniqueArray(items, { selector: key, maxLength: 4 });
    const port = fc.record({ port: word, name: word }, { requiredKeys: ['port'] });
    const item = fc.record(
      { name: word, image: word, args: fc.array(word), ports: unique(port, ({ port: key }) => key) },
      { requiredKeys: ['name'] },
    );
    const pod = fc.record(
      {
        labels: fc.dictionary(word, word),
        finalizers: unique(word, (value) => value),
        containers: unique(item, ({ name }) => name),
        strategy: fc.record({ type: word, rolling: fc.record({ surge: word }) }, { requiredKeys: [] }),
        whole: fc.record({ a: word, b: word }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(pod, pod, (a, b) => {
        const patch = createStrategicPatch(a, b, podSchema);
        expect(patch === undefined).to.equal(deepEqual(a, b));
        expect(applyStrategicMergePatch(a, patch ?? {}, podSchema)).to.deep.equal(b);
      }),
      { numRuns: 1000 },
    );
  });
});

/** Each case: the document, the patch, and what is left to be shown of it. */
const leftovers: [sentence: string, document: object, patch: object, left: object][] = [
  [
    'directives of objects',
    { strategy: { type: 'a' } },
    { strategy: { $retainKeys: ['b'], b: 1 } },
    { strategy: { b: 1 } },
  ],
  [
    'lists with an order',
    {},
    { '$setElementOrder/containers': [{ name: 'a' }], containers: [{ name: 'a' }], labels: { a: 'b' } },
    { labels: { a: 'b' } },
  ],
  ['a replacement', {}, { $patch: 'replace', labels: {} }, { labels: {} }],
  ['nulls where nothing was', {}, { labels: { a: null } }, { labels: {} }],
  ['but not where something was', { labels: { a: 'b' } }, { labels: { a: null } }, { labels: { a: null } }],
  [
    'directives inside items',
    { containers: [{ name: 'a', ports: [{ port: 'b' }] }] },
    {
      containers: [
        { name: 'a', $retainKeys: ['name'] },
        { name: 'c', $patch: 'delete' },
      ],
    },
    { containers: [{ name: 'a' }, { name: 'c', $patch: 'delete' }] },
  ],
];

describe('a strategic merge patch that was applied has lost', () => {
  for (const [sentence, document, patch, left] of leftovers) {
    it(sentence, () => {
      expect(mergedPatch(document, patch, podSchema)).to.deep.equal(left);
    });
  }
});
