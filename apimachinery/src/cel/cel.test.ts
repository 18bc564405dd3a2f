import { expect } from 'chai';
import {
  CelCostError,
  compile,
  dynType,
  escapeProperty,
  estimateCost,
  intType,
  listOf,
  mapOf,
  objectType,
  stringType,
  type Type,
  toJson,
} from './index.ts';
import { unescapeProperty } from './property-names.ts';
import { nativeRegex as regex } from './testing/native-regex.ts';

const self = {
  replicas: 3,
  minReplicas: 1,
  maxReplicas: 5,
  ratio: 0.5,
  hosts: ['a.example.com', 'b.example.com'],
  ports: [
    { name: 'http', port: 80 },
    { name: 'https', port: 443 },
  ],
  labels: { app: 'web', tier: 'fe' },
  image: 'docker.io/library/nginx:1.27',
  cpu: '500m',
  when: '2026-01-02T03:04:05Z',
  nested: { a: { b: 'x' } },
  nothing: null,
};
const variables = { self: dynType, oldSelf: dynType };
const run = (source: string, more: Record<string, unknown> = {}) =>
  compile(source, {
    variables: { ...variables, ...Object.fromEntries(Object.keys(more).map((name) => [name, dynType])) },
    regex,
  }).evaluate({ self, ...more });

describe('CEL', () => {
  const trueExpressions = [
    'self.minReplicas <= self.replicas && self.replicas <= self.maxReplicas',
    'has(self.nested.a) ? self.nested.a.b == "x" : true',
    '!has(self.missing) && !has(self.nested.c)',
    'self.ports.all(p, p.port > 0 && p.port <= 65535) && self.ports.exists_one(p, p.name == "http")',
    'size(self.ports.filter(p, p.port > 100).map(p, p.name)) == 1',
    'self.ports.map(p, p.port > 100, p.name) == ["https"]',
    String.raw`self.hosts.all(h, h.matches("^([a-z0-9]([-a-z0-9]*[a-z0-9])?\\.)+[a-z]{2,}$"))`,
    'self.labels.all(k, k.size() < 64) && "app" in self.labels && !("x" in self.labels)',
    'timestamp(self.when) < timestamp("2027-01-01T00:00:00Z") && duration("1h30m") > duration("45m")',
    'timestamp("2026-01-02T00:00:00Z") - timestamp("2026-01-01T00:00:00Z") == duration("24h")',
    'self.?nested.?a.?b.orValue("none") == "x" && self.?missing.hasValue() == false',
    '{?"a": self.?missing, "b": dyn("1")}.size() == 1 && [?self.?missing, dyn(1)] == [1]',
    'self.labels.all(k, v, k != v) && [1,2].transformList(i, v, v*2) == [2,4]',
    'self.image.split("/")[0] == "docker.io" && self.image.lowerAscii().indexOf("nginx") > 0 && "%s-%d".format(["a", 3]) == "a-3"',
    '[1,2,3].sum() == 6 && [1,2,3].isSorted() && [3,1].max() == 3 && [1,2].indexOf(2) == 1',
    'sets.contains([1,2,3],[1]) && sets.intersects([1],[1,2])',
    '"abc 123".find("[0-9]+") == "123"',
    'quantity(self.cpu).isLessThan(quantity("1")) && isQuantity("1Gi") && !isQuantity("x")',
    'url("https://example.com:80/path?a=b").getHostname() == "example.com"',
    'ip("10.0.0.1").family() == 4 && cidr("10.0.0.0/8").containsIP("10.0.0.1") && !isIP("1.2.3")',
    'string(ip("2001:db8:0:0::1")) == "2001:db8::1" && ip("::1").isLoopback()',
    'self.replicas > 2.5 && dyn(3) == 3.0 && self.ratio * 2.0 == 1.0',
    '(1/0 == 0 || true) && !(1/0 == 0 && false)',
    '1u + 2u == 3u && b"abc".size() == 3 && 0x10 == 16',
    'type(1) == int && type("a") == string && type(self.ports) == list && type(1.0) == double',
    '[1.0, 2.5].map(x, x * 2.0) == [2.0, 5.0] && type([1.0][0]) == double',
    'self.ports.sortBy(p, -p.port)[0].name == "https" && lists.range(3) == [0, 1, 2]',
    'semver("v1.2", true).isLessThan(semver("1.10.0")) && semver("1.0.0-rc.1") != semver("1.0.0")',
    '!format.dns1123Label().validate("web").hasValue() && format.named("uuid").hasValue()',
    'timestamp("2026-01-01T00:00:00Z").getHours("America/New_York") == 19',
    '[1, 2].transformMap(i, v, v * 10) == {0: 10, 1: 20} && self.ports.exists_one(i, p, i == 0 && p.port == 80)',
    'r"\\d" == "\\\\d" && """a"b""" == "a\\"b" && "\\u0041" == "A"',
    'self.ports[1].name == "https" && self.labels["tier"] == "fe" && self.nothing == null',
    '1 + 2 * 3 - 4 / 2 == 5 && -7 % 3 == -1 && !(1 > 2) && "a" + "b" == "ab"',
    'optional.of(3).optMap(x, x + 1).value() == 4',
  ];
  for (const source of trueExpressions) it(source, () => expect(run(source)).to.equal(true));

  const failures: [string, RegExp][] = [
    ['self.missing == 1', /no such key: missing/],
    ['self.ports[5].name == ""', /index out of bounds: 5/],
    ['9223372036854775807 + 1 == 0', /integer overflow/],
    ['1 / 0 == 1', /division by zero/],
    ['dyn("a") < 1', /^no such overload$/],
    ['dyn("a") + dyn(1) == dyn("")', /no such overload/],
    ['"a" + 1 == ""', /found no matching overload for '_\+_' applied to '\(string, int\)'/],
    ['quantity("x").isInteger()', /quantities must match the regular expression/],
    ['ip("::ffff:1.2.3.4").family() == 4', /IPv4-mapped IPv6 address "::ffff:1.2.3.4" is not allowed/],
  ];
  for (const [source, message] of failures) {
    it(`${source} fails`, () => expect(() => run(source)).to.throw(message));
  }

  it('stops what takes too long', () => {
    const list = Array.from({ length: 1000 }, (_, index) => index);
    const source = 'list.all(a, list.all(b, list.all(c, a + b + c >= 0)))';
    const program = compile(source, { variables: { list: dynType }, regex, costMax: 10_000 });
    expect(() => program.evaluate({ list })).to.throw(CelCostError, 'operation cancelled: actual cost limit exceeded');
  });

  it('shows where an expression is wrong', () => {
    const starts = `'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER`;
    expect(() => run('self.a ==')).to.throw(
      `ERROR: <input>:1:10: Syntax error: mismatched input '<EOF>' expecting {${starts}}\n | self.a ==\n | .........^`,
    );
    const missing = (at: string) => `mismatched input '${at}' expecting {${starts}}`;
    expect(() => run('%')).to.throw(
      `ERROR: <input>:1:1: Syntax error: ${missing('%')}\n | %\n | ^\nERROR: <input>:1:2: Syntax error: ${missing('<EOF>')}\n`,
    );
    expect(() => run('../x')).to.throw("ERROR: <input>:1:2: Syntax error: no viable alternative at input '..'\n");
    expect(() => run('foo == 1')).to.throw(
      "ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')\n | foo == 1\n | ^",
    );
    expect(() => run('self.size2()')).to.throw(/undeclared reference to 'size2'/);
    expect(() => run('"abc')).to.throw(/Syntax error: token recognition error at: '"abc'/);
    expect(() => run("'ü' + 1")).to.throw("\n | 'ü' + 1\n | .．..^");
    expect(() => run("[1, 'a']")).to.throw("expected type 'int' but found 'string'");
    expect(() => run("duration('x') > duration('1s')")).to.throw('ERROR: <input>:1:10: invalid duration argument');
    expect(() => run("'%d'.format(['a'])")).to.throw('decimal clause can only be used on integers, was given string');
  });

  it('knows fields where it knows the type', () => {
    const object = (fields: Record<string, Type>) =>
      objectType('selfType', new Map(Object.entries(fields).map(([jsonName, type]) => [jsonName, { jsonName, type }])));
    const type = object({ items: listOf(object({ name: stringType })) });
    const check = (source: string) => compile(source, { variables: { self: type }, regex });
    expect(check('self.items.all(i, i.name != "")').evaluate({ self: { items: [{ name: 'a' }] } })).to.equal(true);
    expect(() => check('self.missing')).to.throw(/undefined field 'missing'/);
    expect(() => check('self.items.all(i, i.nam != "")')).to.throw(/undefined field 'nam'/);
    expect(() => check('has(self.missing)')).to.throw(/undefined field 'missing'/);
    expect(() => check('self.items[0].name.x')).to.throw(/does not support field selection/);
  });

  it('lets only stored expressions use what an older server does not know', () => {
    const source = '[1].includes(1)';
    expect(() => compile(source, { variables: {}, regex })).to.throw("undeclared reference to 'includes'");
    expect(compile(source, { variables: {}, regex, stored: true }).evaluate({})).to.equal(true);
  });

  it('makes JSON of what it gives', () => {
    expect(toJson(run('{"a": [1, 2], "b": [3]}'))).to.deep.equal({ a: [1, 2], b: [3] });
  });

  /** Costs as cel-go counts them in Kubernetes' environment: at run time, and estimated. */
  const costs: [string, number, number, number][] = [
    ['list.all(e, e > 0)', 17, 2, Number.POSITIVE_INFINITY],
    ['list.all(e, list[e - 1] > 0)', 26, 2, Number.POSITIVE_INFINITY],
    ['list.map(e, e + 1).size() == 3', 46, 14, Number.POSITIVE_INFINITY],
    ['text.contains("bc") ? text : "no"', 2, 1, Number.POSITIVE_INFINITY],
    ['2 in [1, 2]', 0, 12, 12],
    ['[1, 2, 3].sum() == 6', 4, 14, 14],
    ['map.a + map["b"]', 5, 5, 5],
    ['has(map.a) && has(map.b)', 2, 1, 2],
  ];
  for (const [source, cost, min, max] of costs) {
    it(`${source} costs ${cost}`, () => {
      const declared = { list: listOf(intType), text: stringType, map: mapOf(stringType, intType) };
      const program = compile(source, { variables: declared, regex });
      const budget = { remaining: 0 };
      program.evaluate({ list: [1, 2, 3], text: 'abc', map: { a: 1, b: 2 } }, budget);
      const estimate = estimateCost(program.checked, { sizeOf: () => undefined });
      expect([0 - budget.remaining, estimate.min]).to.deep.equal([cost, min]);
      if (Number.isFinite(max)) expect(estimate.max).to.equal(max);
    });
  }

  it('tells which fields of a variable an expression looks at', () => {
    const selects = (source: string) => compile(source, { variables, regex }).selects('self', 'email');
    for (const source of [
      '[self.email]',
      'has(self.email)',
      'self.?email.hasValue()',
      'oldSelf.all(x, self.email == x)',
    ]) {
      expect(selects(source), source).to.equal(true);
    }
    for (const source of ['self.email_verified', 'oldSelf.email', 'self["email"]']) {
      expect(selects(source), source).to.equal(false);
    }
  });

  it('takes the escapes out of names', () => {
    const names = ['acme.com/a-b', '__x', 'in', 'plain'];
    expect(names.map((name) => unescapeProperty(escapeProperty(name) ?? ''))).to.deep.equal(names);
    expect(unescapeProperty('a__b')).to.equal('a__b');
  });
});
