import { isKubernetesEqual, kubernetesCallCost, listCallCost } from './library/call-costs.ts';
import { type CelValue, CelOptional, entriesOf, isList, isMap, textLength } from './values.ts';
import { Address, AddressRange } from './network-types.ts';

/** Reading a character costs a tenth of an operation (cel-go common/cost.go). */
export const traversalFactor = 0.1;
/** A pattern of four characters counts as one state of its automaton. */
export const regexFactor = 0.25;

/** What a call costs beside its arguments, in cel-go's units; `overload` is empty where several signatures may be meant. */
export function callCost(name: string, overload: string, args: readonly CelValue[], result: CelValue): number {
  return (
    listCallCost(overload, args, result) ??
    kubernetesCallCost(name, overload, args, result) ??
    standardCost(name, overload, args)
  );
}

const smallerOf: ReadonlySet<string> = new Set(
  ['less', 'less_equals', 'greater', 'greater_equals'].flatMap((each) => [`${each}_string`, `${each}_bytes`]),
);

/** interpreter/runtimecost.go costCall */
function standardCost(name: string, overload: string, args: readonly CelValue[]): number {
  const size = (position: number) => sizeCost(args[position] as CelValue);
  if (name === '_==_' || name === '_!=_' || smallerOf.has(overload)) {
    if (name === '_==_' && isKubernetesEqual(args[0] as CelValue)) return 1;
    return Math.ceil(Math.min(size(0), size(1)) * traversalFactor);
  }
  switch (overload) {
    case 'starts_with_string':
    case 'ends_with_string':
      return Math.ceil(size(1) * traversalFactor);
    case 'string_to_bytes':
    case 'bytes_to_string':
    case 'strings_quote':
    case 'string_format':
      return Math.ceil(size(0) * traversalFactor);
    case 'in_list':
      return size(1);
    case 'add_string':
    case 'add_bytes':
      return Math.ceil((size(0) + size(1)) * traversalFactor);
    case 'matches':
    case 'matches_string':
      return regexCost(size(0), size(1));
    case 'contains_string':
      return Math.ceil(size(0) * traversalFactor) * Math.ceil(size(1) * traversalFactor);
    default:
      return 1;
  }
}

/** One character more, as a pattern costs on an empty text too. */
export function regexCost(textSize: number, patternSize: number): number {
  return Math.ceil((1 + textSize) * traversalFactor) * Math.ceil(patternSize * regexFactor);
}

/** The size of a value that has one, else 1. */
export function sizeCost(value: CelValue): number {
  if (typeof value === 'string') return textLength(value);
  if (value === null || typeof value !== 'object') return 1;
  if (value instanceof Uint8Array || isList(value)) return value.length;
  if (value instanceof CelOptional) return value.value === undefined ? 1 : sizeCost(value.value);
  if (value instanceof Address) return value.family === 4 ? 4 : 16;
  if (value instanceof AddressRange) return Math.ceil(value.length / 8);
  return isMap(value) ? entriesOf(value).length : 1;
}
