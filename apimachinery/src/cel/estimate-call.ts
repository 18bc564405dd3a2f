import type { Expression } from './ast.ts';
import { regexFactor, traversalFactor } from './call-cost.ts';
import { selectorCost } from './library/call-costs.ts';
import { add, fixed, multiply, type Range, scale, unbounded } from './ranges.ts';
import type { Type } from './types.ts';

/** A part of a call, with what is known of its size. */
export interface SizedNode {
  /** Undefined for the elements of a list. */
  readonly expression: Expression | undefined;
  readonly type: Type;
  readonly path: readonly string[] | undefined;
  readonly size: Range | undefined;
}

export interface CallEstimate {
  /** Without that of the arguments. */
  readonly cost: Range;
  /** Of the result. */
  readonly size?: Range;
}

interface Call {
  readonly name: string;
  readonly overload: string;
  readonly target: SizedNode | undefined;
  readonly args: readonly SizedNode[];
  sizeOf(node: SizedNode): Range;
}

const one: CallEstimate = { cost: fixed(1) };

/** What a call can cost where that depends on sizes, or is not one; undefined for all others. */
export function estimateCall(call: Call): CallEstimate | undefined {
  return listCall(call) ?? byName[call.name]?.(call) ?? equality(call) ?? standardCall(call);
}

type Estimate = (call: Call) => CallEstimate | undefined;

const scan = (size: Range, times = 1) => scale(size, times * traversalFactor);

const scanFirst: Estimate = ({ args: [first], sizeOf }) => first && { cost: scan(sizeOf(first)) };

const scanFirstAndKeep: Estimate = ({ args: [first], sizeOf }) =>
  first && { cost: scan(sizeOf(first)), size: sizeOf(first) };

const scanTargetAndKeep: Estimate = ({ target, sizeOf }) =>
  target && { cost: scan(sizeOf(target)), size: sizeOf(target) };

/** k8s.io/apiserver pkg/cel/library/cost.go EstimateCallCost */
const byName: Readonly<Record<string, Estimate>> = {
  check: () => ({ cost: fixed(350_000) }),
  ...Object.fromEntries(
    (
      'serviceAccount path group resource subresource namespace name allowed reason error errored masked prefixLength ' +
      'family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast format.named sign ' +
      'asInteger isInteger asApproximateFloat isGreaterThan isLessThan compareTo add sub major minor patch getScheme ' +
      'getHostname getHost getPort getEscapedPath getQuery'
    )
      .split(' ')
      .map((name) => [name, () => one]),
  ),
  fieldSelector: selector,
  labelSelector: selector,
  ...Object.fromEntries(
    'isSorted sum max min indexOf lastIndexOf includes'.split(' ').map((name) => [name, ofElements]),
  ),
  url: scanFirstAndKeep,
  'jsonpatch.escapeKey': scanFirstAndKeep,
  lowerAscii: scanTargetAndKeep,
  upperAscii: scanTargetAndKeep,
  substring: scanTargetAndKeep,
  trim: scanTargetAndKeep,
  replace,
  split,
  join,
  find,
  findAll: find,
  ...Object.fromEntries(
    'cidr isIP isCIDR quantity isQuantity semver isSemver'.split(' ').map((name) => [name, scanFirst]),
  ),
  ip: (call) => (call.overload === 'cidr_ip' ? one : scanFirst(call)),
  'ip.isCanonical': ({ args: [first], sizeOf }) => first && { cost: scan(sizeOf(first), 2) },
  containsIP: (call) => contains(call, 'cidr_contains_ip_string', fixed(0)),
  containsCIDR: (call) => contains(call, 'cidr_contains_cidr_string', add(scan(addressSize), fixed(1))),
  validate: ({ args: [first], sizeOf }) =>
    first && { cost: scale(scan(sizeOf(first)), formatPatternSizeMax * regexFactor) },
};

/** Bytes of an address. */
const addressSize: Range = { min: 4, max: 16 };
const formatPatternSizeMax = 128;

function selector({ args: [first], sizeOf }: Call): CallEstimate | undefined {
  if (first === undefined) return undefined;
  const { min, max } = sizeOf(first);
  return { cost: { min: selectorCost(min), max: Math.min(selectorCost(max), unbounded) } };
}

/** Every element is looked at; texts are read. */
function ofElements({ name, target, sizeOf }: Call): CallEstimate | undefined {
  if (target === undefined) return undefined;
  const element = elementOf(target);
  if (element === undefined) {
    const size = sizeOf(target);
    return { cost: name === 'includes' ? size : scan(size) };
  }
  const isText = element.type.kind === 'string' || element.type.kind === 'bytes';
  const each = isText ? add(fixed(1), scan(sizeOf(element))) : fixed(1);
  return { cost: multiply(sizeOf(target), each) };
}

function elementOf({ type, path }: SizedNode): SizedNode | undefined {
  const [first] = type.params;
  const itemPath = path && [...path, '@items'];
  return first && { expression: undefined, type: first, path: itemPath, size: undefined };
}

function replace({ target, args, sizeOf }: Call): CallEstimate | undefined {
  const [from, to] = args;
  if (target === undefined || from === undefined || to === undefined) return undefined;
  const [size, fromSize, toSize] = [sizeOf(target), sizeOf(from), sizeOf(to)];
  const count = { min: 0, max: 0 };
  const kept = { min: 0, max: 0 };
  // The longest result: the smallest parts become the largest ones. An empty text stands around every character.
  if (fromSize.min === 0) {
    count.max = Math.min(size.max + 1, unbounded);
    kept.max = size.max;
  } else if (toSize.max <= fromSize.min) kept.max = size.max;
  else count.max = Math.ceil(size.max / fromSize.min);
  // The shortest result.
  if (fromSize.max === 0) {
    count.min = Math.min(size.min + 1, unbounded);
    kept.min = size.min;
  } else if (fromSize.max <= toSize.min) kept.min = size.min;
  else count.min = Math.ceil(size.min / fromSize.max);
  return { cost: scan(size, 2), size: add(multiply(count, toSize), kept) };
}

function split({ target, args, sizeOf }: Call): CallEstimate | undefined {
  if (target === undefined) return undefined;
  const size = sizeOf(target);
  const limit = args[1]?.expression;
  const isNumber = limit?.type === 'literal' && limit.value.kind === 'int';
  const max = isNumber ? Number(BigInt.asUintN(64, limit.value.value as bigint)) : size.max;
  return { cost: scan(size, 2), size: { min: 0, max } };
}

function join({ target, args: [separator], sizeOf }: Call): CallEstimate | undefined {
  if (target === undefined) return undefined;
  const count = sizeOf(target);
  const element = elementOf(target);
  let size = element === undefined ? fixed(0) : multiply(count, sizeOf(element));
  if (separator !== undefined) {
    const gaps = { min: Math.max(count.min - 1, 0), max: Math.max(count.max - 1, 0) };
    size = add(size, multiply(sizeOf(separator), gaps));
  }
  return { cost: scan(size), size };
}

function find({ target, args: [pattern], sizeOf }: Call): CallEstimate | undefined {
  if (target === undefined || pattern === undefined) return undefined;
  const size = sizeOf(target);
  return { cost: regexEstimate(size, sizeOf(pattern)), size: { min: 0, max: size.max } };
}

const regexEstimate = (text: Range, pattern: Range): Range =>
  multiply(scan(add(text, fixed(1))), scale(pattern, regexFactor));

function contains({ overload, args: [first], sizeOf }: Call, ofText: string, more: Range): CallEstimate | undefined {
  if (first === undefined) return undefined;
  const compared = add(scan(add(addressSize, addressSize)), more);
  return { cost: overload === ofText ? add(compared, scan(sizeOf(first))) : compared };
}

const singleEquals: ReadonlySet<string> = new Set([
  'net.IP',
  'net.CIDR',
  'kubernetes.Quantity',
  'kubernetes.Semver',
  'kubernetes.authorization.Authorizer',
  'kubernetes.authorization.PathCheck',
  'kubernetes.authorization.GroupCheck',
  'kubernetes.authorization.ResourceCheck',
  'kubernetes.authorization.Decision',
]);

function equality({ name, args: [left, right] }: Call): CallEstimate | undefined {
  if (name !== '_==_' || left === undefined || right === undefined || left.type.name !== right.type.name)
    return undefined;
  if (singleEquals.has(left.type.name)) return one;
  if (left.type.name === 'kubernetes.NamedFormat') return { cost: scale({ min: 1, max: 64 }, traversalFactor) };
  if (left.type.name !== 'kubernetes.URL') return undefined;
  return { cost: scale({ min: 1, max: right.size?.max ?? 1 }, traversalFactor) };
}

const compared: ReadonlySet<string> = new Set([
  'equals',
  'not_equals',
  ...['less', 'less_equals', 'greater', 'greater_equals'].flatMap((each) => [`${each}_string`, `${each}_bytes`]),
]);

/** checker/cost.go functionCost */
function standardCall({ overload, target, args, sizeOf }: Call): CallEstimate | undefined {
  const [first, second] = args;
  const size = first === undefined ? fixed(0) : sizeOrUnknown(first);
  switch (overload) {
    case 'string_format':
      return target && { cost: scan(sizeOrUnknown(target)) };
    case 'string_to_bytes':
      return { cost: scan(size), size: { min: size.min, max: Math.min(size.max * 4, unbounded) } };
    case 'bytes_to_string':
      return { cost: scan(size), size: { min: Math.floor(size.min / 4), max: size.max } };
    case 'strings_quote':
      return { cost: scan(size), size: { min: size.min + 2, max: size.max >= unbounded ? 0 : size.max * 2 + 2 } };
    case 'starts_with_string':
    case 'ends_with_string':
      return { cost: scan(size) };
    case 'in_list':
      return second && { cost: sizeOrUnknown(second) };
    case 'matches':
      return second && { cost: regexEstimate(size, sizeOrUnknown(second)) };
    case 'matches_string':
      return target && { cost: regexEstimate(sizeOrUnknown(target), size) };
    case 'contains_string':
      return target && { cost: multiply(scan(sizeOrUnknown(target)), scan(size)) };
    default:
      break;
  }
  if (!compared.has(overload) || first === undefined || second === undefined) return undefined;
  const max = Math.min(sizeOf(first).max, sizeOf(second).max);
  return { cost: scan({ min: max > 0 ? 1 : 0, max }) };
}

const sizeOrUnknown = ({ size }: SizedNode): Range => size ?? { min: 0, max: unbounded };

/** ext/lists.go and ext/sets.go */
function listCall(call: Call): CallEstimate | undefined {
  const { overload, target, args, sizeOf } = call;
  const [first, second] = args;
  const setsFactor = { list_sets_contains_list: 1, list_sets_intersects_list: 1, list_sets_equivalent_list: 2 }[
    overload
  ];
  if (setsFactor !== undefined && first !== undefined && second !== undefined) {
    return { cost: add(scale(multiply(sizeOf(first), sizeOf(second)), setsFactor), fixed(1)) };
  }
  if (overload === 'lists_range' && first !== undefined) return allocating(fixed(literalNumber(first, unbounded)));
  if (target === undefined) return undefined;
  const size = sizeOf(target);
  if (overload === 'list_slice' && second !== undefined && first !== undefined) {
    const [start, end] = [literalNumber(first, 0), literalNumber(second, size.max)];
    return allocating(fixed(Math.max(end - start, 0)));
  }
  if (overload === 'list_reverse') return allocating(size);
  if (overload === 'list_flatten') return allocating(size);
  if (overload === 'list_flatten_int' && first !== undefined) return allocating(size, literalNumber(first, unbounded));
  if (overload === 'list_distinct') return allocating(multiply(size, size), 2);
  const sorted = /^list_(\w+)_(sort|sortByAssociatedKeys)$/.exec(overload);
  if (sorted === null) return undefined;
  const keys = sorted[2] === 'sort' || first === undefined ? size : sizeOf(first);
  const isText = sorted[1] === 'string' || sorted[1] === 'bytes';
  return allocating(multiply(keys, keys), isText ? 2 + traversalFactor : 2);
}

function allocating(size: Range, factor = 1): CallEstimate {
  return { cost: add(scale(size, factor), fixed(11)), size };
}

function literalNumber({ expression }: SizedNode, otherwise: number): number {
  if (expression?.type !== 'literal' || expression.value.kind !== 'int') return otherwise;
  return Math.max(Number(expression.value.value), 0);
}
