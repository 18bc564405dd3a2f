import type { Choice } from './choice.ts';
import { hostileTexts, mutateText } from './mutate.ts';

const roots: readonly string[] = [
  ...['self', 'self.size', 'self.name', 'self.names', 'self.ports', 'self.map', 'self.free', 'oldSelf', 'oldSelf.size'],
  ...[
    'object',
    'object.metadata',
    'object.metadata.name',
    'object.data',
    'oldObject',
    'request.userInfo.username',
    'params',
  ],
  ...[
    'namespaceObject.metadata.labels',
    'variables.keys',
    'authorizer',
    'x',
    'has(self.name)',
    'dyn(self)',
    'type(self)',
  ],
];
const literals: readonly string[] = [
  ...[
    '0',
    '-1',
    '1u',
    '1.5',
    '9223372036854775807',
    '-9223372036854775808',
    '18446744073709551615u',
    '1e308',
    'null',
    'true',
  ],
  ...['"a"', "'b'", 'b"\\xff"', 'r"\\d+"', '[]', '{}', '[1, 2, 3]', '{"a": 1}', '{1: 2, "__proto__": 3}', '"\\u00e4"'],
  ...['duration("1h")', 'timestamp("2024-01-01T00:00:00Z")', 'quantity("1Gi")', 'ip("10.0.0.1")', 'cidr("10.0.0.0/8")'],
  ...[
    'url("https://a.example/b?c=d")',
    'semver("1.2.3")',
    'optional.none()',
    'optional.of(1)',
    'format.dns1123Label()',
  ],
];
const operators: readonly string[] = ['+', '-', '*', '/', '%', '==', '!=', '<', '<=', '>', '>=', '&&', '||', 'in'];
const methods: readonly string[] = [
  ...[
    'size()',
    'matches("^(a+)+$")',
    'matches("(x*)*y")',
    'startsWith("a")',
    'contains("b")',
    'split(",")',
    'join("-")',
  ],
  ...[
    'replace("a", "bb")',
    'substring(0, 2)',
    'charAt(0)',
    'indexOf("a")',
    'lowerAscii()',
    'trim()',
    'format([1, "a"])',
  ],
  ...[
    'find("[a-z]*")',
    'findAll("a")',
    'sum()',
    'min()',
    'isSorted()',
    'reverse()',
    'sort()',
    'flatten()',
    'slice(0, 1)',
  ],
  ...[
    'getFullYear()',
    'getHours("UTC")',
    'isGreaterThan(quantity("1"))',
    'add(1)',
    'getHost()',
    'family()',
    'prefixLength()',
  ],
  ...[
    'orValue(1)',
    '?name.orValue("a")',
    'path("/x").check("get").allowed()',
    'group("").resource("pods").check("get")',
  ],
];
const macros: readonly string[] = ['all', 'exists', 'exists_one', 'map', 'filter', 'transformMap', 'sortBy'];

/** A CEL expression, mostly of the right form, of at most `depth` levels. */
export function expression(choice: Choice, depth = 3): string {
  if (depth === 0) return choice.chance(0.5) ? choice.pick(roots) : choice.pick(literals);
  const inner = () => expression(choice, depth - 1);
  const text = choice.weighted<() => string>([
    [4, () => `${inner()} ${choice.pick(operators)} ${inner()}`],
    [3, () => `(${inner()}).${choice.pick(methods)}`],
    [2, () => `${choice.pick(roots)}.${choice.pick(macros)}(x, ${inner()})`],
    [1, () => `(${inner()}).${choice.pick(macros)}(x, y, ${inner()})`],
    [1, () => `${inner()} ? ${inner()} : ${inner()}`],
    [1, () => `(${inner()})[${inner()}]`],
    [1, () => `[${inner()}, ${inner()}]`],
    [1, () => `{${inner()}: ${inner()}}`],
    [1, () => `${choice.chance(0.5) ? '!' : '-'}(${inner()})`],
    [1, () => choice.pick(['int', 'string', 'double', 'uint', 'bool', 'bytes', 'quantity', 'size']) + `(${inner()})`],
    [1, () => JSON.stringify(choice.pick(hostileTexts))],
    [1, () => wide(choice, inner())],
  ])();
  return choice.chance(0.1) ? mutateText(text, choice) : text;
}

/** One thing over and over: long and deep expressions. */
function wide(choice: Choice, inner: string): string {
  const count = choice.pick([10, 100, 1000]);
  return choice.weighted<() => string>([
    [1, () => Array.from({ length: count }, () => '1').join(' + ')],
    [1, () => `${'('.repeat(count)}${inner}${')'.repeat(count)}`],
    [1, () => `${'!'.repeat(count)}true`],
    [1, () => `${'['.repeat(count)}${']'.repeat(count)}`],
    [1, () => `self${'.x'.repeat(count)}`],
  ])();
}
