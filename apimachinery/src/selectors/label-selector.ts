import { type FieldError, field, fieldErrorsText, quote } from '../errors/index.ts';
import { compareText } from '../json/index.ts';
import { labelValue, qualifiedName } from '../validation/index.ts';

export type Labels = Readonly<Record<string, string>>;

export type LabelOperator = 'in' | 'notin' | '=' | '==' | '!=' | 'gt' | 'lt' | 'exists' | '!';

/** One condition of a label selector. Values are as they were given, without repetition. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  readonly values: readonly string[];
}

/** `metav1.LabelSelector` as it is in objects. */
export interface LabelSelectorObject {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

/** All requirements hold. Requirements are in order of their keys; `none` matches nothing at all. */
export class LabelSelector {
  readonly requirements: readonly LabelRequirement[];
  /** Matches no object, whatever its labels (a selector object that is absent). */
  readonly none: boolean;

  constructor(requirements: readonly LabelRequirement[], none = false) {
    this.requirements = requirements;
    this.none = none;
  }

  /** Restricts nothing. */
  get empty(): boolean {
    return !this.none && this.requirements.length === 0;
  }

  matches(labels: Labels | undefined): boolean {
    if (this.none) return false;
    for (const requirement of this.requirements) {
      if (!matchesRequirement(requirement, labels)) return false;
    }
    return true;
  }

  /** The one value that a label must have, for look-ups in an index; undefined where there is none such. */
  exactValue(key: string): string | undefined {
    const found = this.requirements.find((requirement) => requirement.key === key);
    if (found === undefined || found.values.length !== 1) return undefined;
    return found.operator === '=' || found.operator === '==' || found.operator === 'in' ? found.values[0] : undefined;
  }

  and(requirements: readonly LabelRequirement[]): LabelSelector {
    return this.none ? this : new LabelSelector(sortByKey([...this.requirements, ...requirements]));
  }

  /** The text form, which `parseLabelSelector` reads back. */
  toString(): string {
    return this.requirements.map(requirementText).join(',');
  }
}

export const everyLabel = new LabelSelector([]);
export const noLabel = new LabelSelector([], true);

function sortByKey(requirements: LabelRequirement[]): LabelRequirement[] {
  return requirements.sort((a, b) => compareText(a.key, b.key));
}

function matchesRequirement({ key, operator, values }: LabelRequirement, labels: Labels | undefined): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case '=':
    case '==':
    case 'in':
      return value !== undefined && values.includes(value);
    case '!=':
    case 'notin':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case 'gt':
    case 'lt':
      return value !== undefined && comparesTo(operator, value, values[0] as string);
  }
}

function comparesTo(operator: 'gt' | 'lt', value: string, limit: string): boolean {
  const left = parseInt64(value);
  const right = parseInt64(limit);
  if (left === undefined || right === undefined) return false;
  return operator === 'gt' ? left > right : left < right;
}

/** A decimal integer of 64 bits, as strconv.ParseInt reads it. */
function parseInt64(text: string): bigint | undefined {
  if (text.length > 80 || !/^[+-]?[0-9]+$/.test(text)) return undefined;
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

function requirementText({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'in':
    case 'notin':
      return `${key} ${operator} (${[...values].sort(compareText).join(',')})`;
    case 'gt':
      return `${key}>${values[0]}`;
    case 'lt':
      return `${key}<${values[0]}`;
    default:
      return `${key}${operator}${values[0]}`;
  }
}

/** A requirement after upstream's checks (labels.NewRequirement). Throws an Error with upstream's text. */
export function labelRequirement(key: string, operator: LabelOperator, values: readonly string[]): LabelRequirement {
  const errors = checkRequirement(key, operator, values);
  if (errors.length > 0) throw new Error(fieldErrorsText(errors));
  return { key, operator, values };
}

function checkRequirement(key: string, operator: LabelOperator, values: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  const keyProblems = qualifiedName(key);
  if (keyProblems.length > 0) errors.push(field.invalid('key', key, keyProblems.join('; ')));
  const arity = checkArity(operator, values);
  if (arity !== undefined) errors.push(field.invalid('values', values, arity));
  for (const [index, value] of values.entries()) {
    if ((operator === 'gt' || operator === 'lt') && parseInt64(value) === undefined) {
      const text = "for 'Gt', 'Lt' operators, the value must be an integer";
      errors.push(field.invalid(`values[${index}]`, value, text));
    }
    const problems = labelValue(value);
    if (problems.length > 0) errors.push(field.invalid(`values[${index}][${key}]`, value, problems.join('; ')));
  }
  return errors;
}

function checkArity(operator: LabelOperator, values: readonly string[]): string | undefined {
  switch (operator) {
    case 'in':
    case 'notin':
      return values.length > 0 ? undefined : "for 'in', 'notin' operators, values set can't be empty";
    case '=':
    case '==':
    case '!=':
      return values.length === 1 ? undefined : 'exact-match compatibility requires one single value';
    case 'exists':
    case '!':
      return values.length === 0 ? undefined : 'values set must be empty for exists and does not exist';
    case 'gt':
    case 'lt':
      return values.length === 1 ? undefined : "for 'Gt', 'Lt' operators, exactly one value is required";
  }
}

const objectOperators: Readonly<Record<string, LabelOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};

/**
 * The selector of a `metav1.LabelSelector`: absent matches nothing, empty matches everything. Throws an Error with
 * upstream's text where a requirement is malformed (metav1.LabelSelectorAsSelector).
 */
export function selectorOf(selector: LabelSelectorObject | undefined | null): LabelSelector {
  if (selector === undefined || selector === null) return noLabel;
  const requirements: LabelRequirement[] = [];
  for (const key in selector.matchLabels) {
    requirements.push(labelRequirement(key, '=', [selector.matchLabels[key] as string]));
  }
  for (const expression of selector.matchExpressions ?? []) {
    const operator = Object.hasOwn(objectOperators, expression.operator)
      ? objectOperators[expression.operator]
      : undefined;
    if (operator === undefined) throw new Error(`${quote(expression.operator)} is not a valid label selector operator`);
    requirements.push(labelRequirement(expression.key, operator, expression.values ?? []));
  }
  return requirements.length === 0 ? everyLabel : new LabelSelector(sortByKey(requirements));
}

/** The selector that asks for each of these labels, unchecked; absent or empty matches everything. */
export function selectorOfLabels(labels: Labels | undefined): LabelSelector {
  const requirements: LabelRequirement[] = [];
  for (const key in labels) requirements.push({ key, operator: '=', values: [labels[key] as string] });
  return requirements.length === 0 ? everyLabel : new LabelSelector(sortByKey(requirements));
}

/** The text form of a selector object for people (metav1.FormatLabelSelector): `<none>` for everything. */
export function formatLabelSelector(selector: LabelSelectorObject | undefined): string {
  try {
    const text = selectorOf(selector).toString();
    return text === '' ? '<none>' : text;
  } catch {
    return '<error>';
  }
}
