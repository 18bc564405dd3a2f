import type { JSONSchemaProps } from '@coracle/apimachinery/types/apiextensions-v1';

/** A request that both servers get. */
export interface Question {
  readonly name: string;
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  readonly body: object;
}

const group = 'cel.example.com';
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** A definition of one kind whose objects have the given schema below `spec`, and rules at the root where asked. */
export function definition(plural: string, spec: JSONSchemaProps, root: JSONSchemaProps = {}): object {
  const kind = `${plural[0]?.toUpperCase()}${plural.slice(1, -1)}`;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Cluster',
      names: { plural, singular: plural.slice(0, -1), kind, listKind: `${kind}List` },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec }, ...root } },
        },
      ],
    },
  };
}

/** Of the fields that rules below look at, one of each type. */
const fields: Record<string, JSONSchemaProps> = {
  i: { type: 'integer' },
  d: { type: 'number' },
  s: { type: 'string', maxLength: 20 },
  open: { type: 'string' },
  b: { type: 'boolean' },
  when: { type: 'string', format: 'date-time' },
  day: { type: 'string', format: 'date' },
  wait: { type: 'string', format: 'duration' },
  raw: { type: 'string', format: 'byte' },
  port: { 'x-kubernetes-int-or-string': true },
  list: { type: 'array', items: { type: 'string' } },
  short: { type: 'array', maxItems: 10, items: { type: 'string', maxLength: 10 } },
  set: { type: 'array', maxItems: 10, 'x-kubernetes-list-type': 'set', items: { type: 'string', maxLength: 10 } },
  map: { type: 'object', additionalProperties: { type: 'integer' } },
  small: { type: 'object', maxProperties: 5, additionalProperties: { type: 'string', maxLength: 5 } },
  items: {
    type: 'array',
    maxItems: 5,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['k'],
    items: {
      type: 'object',
      required: ['k'],
      properties: { k: { type: 'string', maxLength: 5 }, v: { type: 'integer' } },
    },
  },
  choice: { type: 'string', enum: ['a', 'bb'] },
  free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  pod: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
  'a-b.c/d': { type: 'integer' },
  namespace: { type: 'string' },
  __x__y: { type: 'integer' },
  nested: { type: 'object', properties: { deep: { type: 'object', properties: { n: { type: 'integer' } } } } },
};

const withRules = (...rules: object[]): JSONSchemaProps =>
  ({ type: 'object', properties: fields, 'x-kubernetes-validations': rules }) as JSONSchemaProps;

const inCollection: [string, JSONSchemaProps][] = [
  [
    'rule in an unbounded list',
    { type: 'array', items: { type: 'string', 'x-kubernetes-validations': [{ rule: "self.matches('^[a-z]+$')" }] } },
  ],
  [
    'rule in a bounded list',
    {
      type: 'array',
      maxItems: 10,
      items: { type: 'string', maxLength: 10, 'x-kubernetes-validations': [{ rule: "self.matches('^[a-z]+$')" }] },
    },
  ],
  [
    'rule in a map of lists',
    {
      type: 'object',
      additionalProperties: {
        type: 'array',
        items: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self > 0' }] },
      },
    },
  ],
  [
    'oldSelf in an atomic list',
    {
      type: 'array',
      maxItems: 3,
      items: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self >= oldSelf' }] },
    },
  ],
  [
    'oldSelf in a map list',
    {
      type: 'array',
      maxItems: 3,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items: {
        type: 'object',
        required: ['k'],
        properties: { k: { type: 'string' } },
        'x-kubernetes-validations': [{ rule: 'self == oldSelf' }],
      },
    },
  ],
  [
    'nested unbounded lists',
    {
      type: 'array',
      items: { type: 'array', items: { type: 'string', 'x-kubernetes-validations': [{ rule: "self.contains('a')" }] } },
    },
  ],
];

/** Rules of a definition, each of which some server might refuse. */
const rules: object[] = [
  ...`self.i > 0
self.missing > 0
self.i > 'a'
self.i
self.i > 0 &&
foo(self.i)
self.i.startsWith('a')
self.d > 1
self.d > 1.5 && self.i < 2.5
self.i == self.d
self.when < timestamp('2030-01-01T00:00:00Z')
self.day.getFullYear() > 2000
self.wait > duration('1s')
self.raw.size() > 1
self.port == 80 || self.port == '80'
self.port + 1 == 2
type(self.port) == int ? self.port < 5 : self.port.endsWith('%')
self.s.matches('[')
self.s.matches('^a+$')
self.open.matches('^[a-z]+$')
self.list.all(x, x.size() > 0)
self.list.all(x, self.list.all(y, x != y))
self.list.all(x, self.list.all(y, self.list.all(z, x != y || y != z)))
self.short.all(x, self.short.exists_one(y, x == y))
self.short.all(x, x.matches('^[a-z]+$'))
self.set == ['a', 'b']
self.map.all(k, self.map[k] > 0)
self.map.a > 0
self.small.exists(k, v, v.startsWith(k))
self.items.all(x, x.v > 0)
self.items.map(x, x.k).join(',') == 'a'
self.items.filter(x, has(x.v)).size() == 1
self.choice == 'a'
has(self.free)
self.free.x == 1
self.pod.metadata.name == 'a'
self.pod.kind == 'Pod'
self.pod.spec == 1
self.a__dash__b__dot__c__slash__d == 1
self.__namespace__ == 'a'
self.__underscores__x__underscores__y == 1
self.nested.deep.n > 0
self.nested.deep.x > 0
has(self.nested.missing)
self.?nested.?deep.?n.orValue(0) == 1
self.i == oldSelf.i
self.i in [1, 2, 3]
quantity(self.s).isLessThan(quantity('1Gi'))
quantity(self.s).sign() == 1
isURL(self.open) && url(self.open).getScheme() == 'https'
ip(self.s).family() == 4
cidr(self.s).containsIP('10.0.0.1')
semver(self.s).major() == 1
!format.dns1123Label().validate(self.s).hasValue()
self.list.isSorted()
self.list.sort() == self.list
self.list.distinct().size() == self.list.size()
self.list.includes('a')
self.short.sum() == 1
self.list.max() == 'a'
self.s.replace('a', 'bb').size() < 100
self.s.split(',').size() == 2
self.open.split(',').all(x, x.size() < 5)
self.s.lowerAscii() == self.s.upperAscii()
sets.contains(self.list, ['a'])
sets.equivalent(self.short, self.set)
self.list.map(x, self.list.map(y, x + y)).size() > 0
self.short.map(x, {x: 1}).size() > 0
'%s-%d'.format([self.s, self.i]) == 'a-1'
'%d'.format([self.s]) == 'a'
timestamp('x') == self.when
duration('1h') > self.wait
[1, 'a'].size() == 2
{'a': 1, 'b': 'c'}.size() == 2
true
1 + 1
int('x') == 1
self
self == self
object.metadata.name == 'a'
authorizer.path('/').check('get').allowed()
cel.bind(x, self.i, x > 0)
math.greatest(1, 2) == 2
self.s.reverse() == 'a'
self.s.charAt(0) == 'a'
base64.encode(b'a') == 'a'
optional.of(self.i).optMap(x, x + 1).value() == 1
self.s.find('a+') != '' && self.s.findAll('a').size() > 0
self.open.contains(self.open)
self.open == self.open + self.open
self.map == self.map
self.list + self.list == self.list
self.set + self.set == self.set
string(self.when) == 'x' && int(self.d) == 1
dyn(self).foo == 1
self.list.exists(x, x > 1)
self['i'] == 1
self.list[0] == 'a' && self.map['a'] == 1
self.list['a'] == 'a'
self.i ? true : false
!self.i
-self.s == 'a'
self.b && self.i
self.b ? self.i : self.s
for == 1
self.i = 1
"abc
self..i
(self.i > 0
self.i > 0)
[self.i
self.list.all(1, true)
has(self)
has(self.i, 1)
self.list.map(x)
x.y.z
Foo{a: 1}
lists.range(10).all(x, x >= 0)
lists.range(self.i).size() > 0`
    .split('\n')
    .map((rule) => ({ rule })),
  { rule: '' },
  { rule: '  ' },
  { rule: 'self.i > 0', message: ' ' },
  { rule: 'self.i > 0', message: 'a\nb' },
  { rule: 'self.i > 0\n && true' },
  { rule: 'self.i > 0\n && self.x', message: 'm' },
  { rule: 'self.i > 0', messageExpression: ' ' },
  { rule: 'self.i > 0', messageExpression: '1' },
  { rule: 'self.i > 0', messageExpression: 'self.x' },
  { rule: 'self.i > 0', messageExpression: "'i is ' + string(self.i)" },
  { rule: 'self.i > 0', messageExpression: "self.list.map(x, self.list.map(y, x + y).join(',')).join(',')" },
  { rule: 'self.i > 0', reason: 'Nope' },
  { rule: 'self.i > 0', fieldPath: '.i' },
  { rule: 'self.i > 0', fieldPath: 'i' },
  { rule: 'self.i > 0', fieldPath: '.x' },
  { rule: 'self.i > 0', fieldPath: '.nested.deep.n' },
  { rule: 'self.i > 0', fieldPath: ".small['a b']" },
  { rule: 'self.i > 0', fieldPath: '.list[0]' },
  { rule: 'self.i > 0', optionalOldSelf: true },
  { rule: 'oldSelf.hasValue() && self.i > 0', optionalOldSelf: true },
  { rule: 'self.i > oldSelf.i', optionalOldSelf: true },
];

/** What servers say to definitions with such rules. */
export function definitionQuestions(): Question[] {
  const post = (name: string, body: object): Question => ({
    name,
    method: 'POST',
    path: `${definitions}?dryRun=All`,
    body,
  });
  return [
    ...rules.map((rule) => post(JSON.stringify(rule), definition('checks', withRules(rule)))),
    ...inCollection.map(([name, schema]) =>
      post(name, definition('checks', { type: 'object', properties: { c: schema } })),
    ),
    post(
      'at the root',
      definition(
        'checks',
        { type: 'object' },
        { 'x-kubernetes-validations': [{ rule: "self.metadata.name.startsWith('a') && self.kind == 'X'" }] },
      ),
    ),
    post(
      'labels at the root',
      definition('checks', { type: 'object' }, { 'x-kubernetes-validations': [{ rule: 'has(self.metadata.labels)' }] }),
    ),
    post(
      'many dear rules',
      definition(
        'checks',
        withRules(
          ...Array.from({ length: 20 }, (_, n) => ({
            rule: `self.open.contains('aaaaaaaaaaaa${n}') || self.list.all(x, x != '${n}')`,
          })),
        ),
      ),
    ),
  ];
}

const kinds = `${group}/v1`;

/** Rules that objects meet, with messages of every kind. */
export const valueDefinition = definition('values', {
  ...withRules(
    { rule: '!has(self.i) || self.i > 0' },
    { rule: '!has(self.i) || self.i < 100', message: 'i is too large' },
    { rule: '!has(self.d) || self.d * 2.0 < 10.0', messageExpression: "self.d > 6.0 ? 'far too much' : 'too much'" },
    { rule: "!has(self.s) || self.s != 'bad'", reason: 'FieldValueForbidden', fieldPath: '.s' },
    { rule: "!has(self.s) || self.s != 'dup'", reason: 'FieldValueDuplicate' },
    { rule: "!has(self.s) || self.s != 'req'", reason: 'FieldValueRequired', message: 'is needed' },
    { rule: "!has(self.list) || self.list[0] != 'x'" },
    { rule: '!has(self.map) || self.map.a == 1' },
    { rule: '!has(self.port) || self.port > 0' },
    { rule: '!has(self.when) || self.when.getFullYear() == 2026', message: 'not in 2026' },
    { rule: "!has(self.wait) || self.wait > duration('1m')" },
    { rule: "!has(self.raw) || self.raw == b'abc'" },
    { rule: "!has(self.set) || self.set == ['a', 'b']" },
    { rule: '!has(self.items) || self.items.all(x, x.v > 0)', messageExpression: "'the first is ' + self.items[0].k" },
    {
      rule: '!has(self.a__dash__b__dot__c__slash__d) || self.a__dash__b__dot__c__slash__d == 7',
      fieldPath: "['a-b.c/d']",
    },
    { rule: "!has(self.pod) || self.pod.metadata.name == 'p'" },
    { rule: '!has(self.i) || self.i != 13 || self.i / 0 == 1', message: 'divides' },
    { rule: '!has(self.i) || self.i != 14 || lists.range(90000).map(x, x + 1).size() > 0', message: 'dear' },
    { rule: '!has(self.small) || self.small.all(k, v, k == v)', messageExpression: "'a\\nb'", message: 'fallback' },
    { rule: 'self.i == oldSelf.i', message: 'i is immutable' },
    { rule: '!oldSelf.hasValue() || has(self.s) == has(oldSelf.value().s)', optionalOldSelf: true, message: 's stays' },
    { rule: 'oldSelf.hasValue() || !has(self.b) || self.b', optionalOldSelf: true, message: 'b at first' },
  ),
});

const values: object[] = [
  {},
  { i: 1 },
  { i: 0 },
  { i: 100 },
  { i: 13 },
  { i: 14 },
  { d: 1 },
  { d: 5 },
  { d: 5.5 },
  { d: 1e10 },
  { s: 'bad' },
  { s: 'dup' },
  { s: 'req' },
  { list: [] },
  { list: ['x'] },
  { list: ['y'] },
  { map: {} },
  { map: { a: 2 } },
  { map: { a: 1 } },
  { port: 'x' },
  { port: 0 },
  { port: 1 },
  { when: '2026-05-05T05:05:05Z' },
  { when: '2025-05-05T05:05:05.123Z' },
  { wait: '1h' },
  { wait: '1s' },
  { raw: 'YWJj' },
  { raw: 'YWI=' },
  { set: ['b', 'a'] },
  { set: ['a'] },
  { items: [{ k: 'a', v: 1 }] },
  {
    items: [
      { k: 'a', v: 0 },
      { k: 'b', v: 1 },
    ],
  },
  { items: [{ k: 'a' }] },
  { 'a-b.c/d': 7 },
  { 'a-b.c/d': 8 },
  { pod: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } } },
  { pod: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'q' } } },
  { small: { a: 'a' } },
  { small: { a: 'b' } },
  { i: 0, s: 'bad', d: 9 },
  { b: false },
  { b: true },
  { i: 'x' },
  { s: 'far too long for what it may be' },
];

export function valueQuestions(): Question[] {
  const path = `/apis/${group}/v1/values`;
  const object = (name: string, spec: object) => ({ apiVersion: kinds, kind: 'Value', metadata: { name }, spec });
  const made = values.map(
    (spec): Question => ({
      name: `create ${JSON.stringify(spec)}`,
      method: 'POST',
      path: `${path}?dryRun=All`,
      body: object('v', spec),
    }),
  );
  const changed = [
    { i: 5, s: 'a' },
    { i: 6, s: 'a' },
    { i: 5, s: 'b' },
    { i: 5, s: 'a', list: ['x'] },
    { i: 5 },
    { s: 'a' },
    { i: 5, s: 'a', d: 7 },
  ];
  return [
    ...made,
    { name: 'the object that changes', method: 'POST', path, body: object('kept', { i: 5, s: 'a' }) },
    ...changed.map(
      (spec): Question => ({
        name: `update to ${JSON.stringify(spec)}`,
        method: 'PUT',
        path: `${path}/kept?dryRun=All`,
        body: object('kept', spec),
      }),
    ),
  ];
}
