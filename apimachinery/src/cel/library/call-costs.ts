import { regexCost, sizeCost, traversalFactor } from '../call-cost.ts';
import { Address, AddressRange } from '../network-types.ts';
import { QuantityValue } from '../quantity-type.ts';
import { UrlValue } from '../url-type.ts';
import { CelObject, type CelValue, elementAt, elementsOf, entriesOf, isList, isMap } from '../values.ts';
import { NamedFormat } from './format-type.ts';
import { SemverValue } from './semver-type.ts';

/** The name of the type of what authorizes; its questions compare at the price of one. */
const authorizerTypes = /^kubernetes\.authorization\./;

/** Values of Kubernetes' own types compare at the price of one. */
export function isKubernetesEqual(value: CelValue): boolean {
  return (
    value instanceof QuantityValue ||
    value instanceof Address ||
    value instanceof AddressRange ||
    value instanceof NamedFormat ||
    value instanceof UrlValue ||
    value instanceof SemverValue ||
    (value instanceof CelObject && authorizerTypes.test(value.typeName))
  );
}

const scan = (value: CelValue, times = 1) => Math.ceil(sizeCost(value) * times * traversalFactor);

/** Two thirds of a million: an expression has room for two questions to an authorizer. */
const checkCost = 350_000;
const one: ReadonlySet<string> = new Set(
  (
    'serviceAccount path group resource subresource namespace name allowed reason error errored masked prefixLength ' +
    'family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast format.named sign asInteger ' +
    'isInteger asApproximateFloat isGreaterThan isLessThan compareTo add sub major minor patch getScheme getHostname ' +
    'getHost getPort getEscapedPath getQuery'
  ).split(' '),
);
const scanned: ReadonlySet<string> = new Set(
  'url lowerAscii upperAscii substring trim jsonpatch.escapeKey cidr isIP isCIDR ip quantity isQuantity semver isSemver'.split(
    ' ',
  ),
);
const traversed: ReadonlySet<string> = new Set('isSorted sum max min indexOf lastIndexOf includes'.split(' '));

/** k8s.io/apiserver pkg/cel/library/cost.go CallCost; undefined for functions that are not Kubernetes' own. */
export function kubernetesCallCost(
  name: string,
  overload: string,
  args: readonly CelValue[],
  result: CelValue,
): number | undefined {
  const [first = null, second = null] = args;
  if (one.has(name) || overload === 'cidr_ip') return 1;
  if (scanned.has(name)) return scan(first);
  if (traversed.has(name)) return traversalCost(first);
  switch (name) {
    case 'check':
      return checkCost;
    case 'fieldSelector':
    case 'labelSelector':
      return selectorCost(sizeCost(second));
    case 'replace':
    case 'split':
    case 'ip.isCanonical':
      return scan(first, 2);
    case 'join':
      return scan(result, 2);
    case 'find':
    case 'findAll':
      return regexCost(sizeCost(first), sizeCost(second));
    case 'containsIP':
      return scan(first, 2) + (overload === 'cidr_contains_ip_string' ? scan(second) : 0);
    case 'containsCIDR':
      return scan(first, 2) + scan(first) + 1 + (overload === 'cidr_contains_cidr_string' ? scan(second) : 0);
    case 'validate':
      return first instanceof NamedFormat ? regexCost(sizeCost(second), first.patternSize) : undefined;
    default:
      return undefined;
  }
}

/** A requirement needs two characters at least, a list and an object. */
export function selectorCost(length: number): number {
  return 10 + Math.ceil(length * traversalFactor) + Math.ceil(Math.ceil(length * 0.5) * 50);
}

/** Everything in a value, read once. */
function traversalCost(value: CelValue): number {
  if (typeof value === 'string') return Math.floor(new TextEncoder().encode(value).length * traversalFactor);
  if (value instanceof Uint8Array) return Math.floor(value.length * traversalFactor);
  if (isList(value)) return elementsOf(value).reduce<number>((cost, each) => cost + traversalCost(each), 0);
  if (value !== null && !(value instanceof CelObject) && isMap(value)) {
    return entriesOf(value).reduce((cost, [key, held]) => cost + traversalCost(key) + traversalCost(held), 0);
  }
  return 1;
}

/** ext/sets.go and ext/lists.go: functions over whole lists. */
export function listCallCost(overload: string, args: readonly CelValue[], result: CelValue): number | undefined {
  const [first = null, second = null] = args;
  const allocating = (size: number, factor = 1) => Math.floor(size * factor) + 1 + 10;
  switch (overload) {
    case 'list_sets_contains_list':
    case 'list_sets_intersects_list':
      return 1 + sizeCost(first) * sizeCost(second);
    case 'list_sets_equivalent_list':
      return 1 + sizeCost(first) * sizeCost(second) * 2;
    case 'list_slice':
    case 'lists_range':
    case 'list_reverse':
      return allocating(sizeCost(result));
    case 'list_flatten':
      return allocating(sizeCost(first));
    case 'list_flatten_int':
      return allocating(sizeCost(first), Number(second) < 0 ? 1 : Number(second));
    case 'list_distinct':
      return selfCompareCost(first);
    default:
      if (/^list_\w+_sort$/.test(overload)) return selfCompareCost(first);
      return /^list_\w+_sortByAssociatedKeys$/.test(overload) ? selfCompareCost(second) : undefined;
  }
}

/** Each element against each. */
function selfCompareCost(list: CelValue): number {
  const size = sizeCost(list);
  const first = isList(list) && list.length > 0 ? elementAt(list, 0) : null;
  const factor = typeof first === 'string' || first instanceof Uint8Array ? 2 + traversalFactor : 2;
  return Math.floor(size * size * factor) + 1 + 10;
}
