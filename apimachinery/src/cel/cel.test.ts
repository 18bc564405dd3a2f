import { expect } from 'chai';
import type { Schema } from '../schema/index.ts';
import { compile, type RegexCompiler, toJson } from './index.ts';

const regex: RegexCompiler = (pattern) => ({
  test: (text) => new RegExp(pattern, 'u').test(text),
  find: (text) => new RegExp(pattern, 'u').exec(text)?.[0],
  findAll: (text) => text.match(new RegExp(pattern, 'gu')) ?? [],
});
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
const variables = { self: undefined, oldSelf: undefined };
const run = (source: string, more: Record<string, unknown> = {}) =>
  compile(source, {
    variables: { ...variables, ...Object.fromEntries(Object.keys(more).map((name) => [name, undefined])) },
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
    '{?"a": self.?missing, "b": "1"}.size() == 1 && [?self.?missing, 1] == [1]',
    'self.labels.all(k, v, k != v) && [1,2].transformList(i, v, v*2) == [2,4]',
    'cel.bind(x, self.ports.map(p,p.port), x.exists(p,p==80))',
    'self.image.split("/")[0] == "docker.io" && self.image.lowerAscii().indexOf("nginx") > 0 && "%s-%d".format(["a", 3]) == "a-3"',
    '[1,2,3].sum() == 6 && [1,2,3].isSorted() && [3,1].max() == 3 && [1,2].indexOf(2) == 1',
    'sets.contains([1,2,3],[1]) && sets.intersects([1],[1,2])',
    '"abc 123".find("[0-9]+") == "123"',
    'quantity(self.cpu).isLessThan(quantity("1")) && isQuantity("1Gi") && !isQuantity("x")',
    'url("https://example.com:80/path?a=b").getHostname() == "example.com"',
    'ip("10.0.0.1").family() == 4 && cidr("10.0.0.0/8").containsIP("10.0.0.1") && !isIP("1.2.3")',
    'string(ip("2001:db8:0:0::1")) == "2001:db8::1" && ip("::1").isLoopback()',
    'self.replicas > 2.5 && 3 == 3.0 && self.ratio * 2.0 == 1.0',
    '(1/0 == 0 || true) && !(1/0 == 0 && false)',
    '1u + 2u == 3u && b"abc".size() == 3 && 0x10 == 16',
    'type(1) == int && type("a") == string && type(self.ports) == list',
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
    ['"a" < 1', /no such overload/],
    ['"a" + 1 == ""', /no such overload/],
  ];
  for (const [source, message] of failures) {
    it(`${source} fails`, () => expect(() => run(source)).to.throw(message));
  }

  it('makes objects, which become JSON', () => {
    const source =
      'Object{metadata: Object.metadata{labels: {"a": "b"}}, spec: Object.spec{replicas: 1 + 2, ?x: self.?missing}}';
    expect(toJson(run(source))).to.deep.equal({ metadata: { labels: { a: 'b' } }, spec: { replicas: 3 } });
    expect(toJson(run('[JSONPatch{op: "add", path: "/a", value: [1, 2.5]}]'))).to.deep.equal([
      { op: 'add', path: '/a', value: [1, 2.5] },
    ]);
  });

  it('stops what takes too long', () => {
    const list = Array.from({ length: 1000 }, (_, index) => index);
    const source = 'list.all(a, list.all(b, list.all(c, a + b + c >= 0)))';
    const program = compile(source, { variables: { list: undefined }, regex, stepsMax: 10_000 });
    expect(() => program.evaluate({ list })).to.throw(/actual cost limit exceeded/);
  });

  it('shows where an expression is wrong', () => {
    expect(() => run('self.a ==')).to.throw('ERROR: <input>:1:10: Syntax error');
    expect(() => run('foo == 1')).to.throw(
      "ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')\n | foo == 1\n | ^",
    );
    expect(() => run('self.size2()')).to.throw(/undeclared reference to 'size2'/);
    expect(() => run('"abc')).to.throw(/the string does not end/);
  });

  it('knows fields where it knows the schema', () => {
    const text: Schema = { type: 'scalar', scalar: 'string' };
    const item: Schema = { type: 'object', fields: new Map([['name', { name: 'name', schema: text }]]) };
    const items: Schema = { type: 'list', items: item, listType: 'atomic' };
    const schema: Schema = { type: 'object', fields: new Map([['items', { name: 'items', schema: items }]]) };
    const check = (source: string) => compile(source, { variables: { self: schema }, regex });
    expect(check('self.items.all(i, i.name != "")').evaluate({ self: { items: [{ name: 'a' }] } })).to.equal(true);
    expect(() => check('self.missing')).to.throw(/undefined field 'missing'/);
    expect(() => check('self.items.all(i, i.nam != "")')).to.throw(/undefined field 'nam'/);
    expect(() => check('has(self.missing)')).to.throw(/undefined field 'missing'/);
    expect(() => check('self.items[0].name.x')).to.throw(/does not support field selection/);
  });
});
