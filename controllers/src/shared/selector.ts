import { type LabelSelector, type LabelSelectorObject, noLabel, selectorOf } from '@coracle/apimachinery/selectors';

type Labels = Readonly<Record<string, string>> | undefined;

/** Objects of an informer do not change, and their selectors are asked for every pod. */
const readSelectors = new WeakMap<LabelSelectorObject, LabelSelector>();

/** An absent selector, or one that cannot be read, matches nothing; an empty one everything. */
export function matchesSelector(selector: LabelSelectorObject | undefined, labels: Labels): boolean {
  return selector !== undefined && read(selector).matches(labels);
}

/** Selects everything. */
export function isEmptySelector(selector: LabelSelectorObject | undefined): boolean {
  return selector !== undefined && read(selector).empty;
}

function read(selector: LabelSelectorObject): LabelSelector {
  const known = readSelectors.get(selector);
  if (known !== undefined) return known;
  const made = readOrNone(selector);
  readSelectors.set(selector, made);
  return made;
}

function readOrNone(selector: LabelSelectorObject): LabelSelector {
  try {
    return selectorOf(selector);
  } catch {
    return noLabel;
  }
}

/** Every pair of `set` is among the labels. */
export function matchesLabels(set: Labels, labels: Labels): boolean {
  for (const key in set) if (labels?.[key] !== set[key]) return false;
  return true;
}
