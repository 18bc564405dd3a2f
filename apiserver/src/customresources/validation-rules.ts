import { CelCostError, CelError, celOptional, type CelValue, type CostBudget } from '@coracle/apimachinery/cel';
import { type FieldError, field, fieldErrorText, omitted } from '@coracle/apimachinery/errors';
import { deepEqual, isObject } from '@coracle/apimachinery/json';
import type { JSONSchemaProps, ValidationRule } from '@coracle/apimachinery/types/apiextensions-v1';
import { type CompiledRule, compileRule } from './compiled-rules.ts';
import { type DeclaredType, declaredType } from './declared-type.ts';
import { ruleFieldPath } from './field-path.ts';
import { ruleValue } from './rule-values.ts';
import { itemsOf, valuesOf } from './schema-props.ts';

/** The rules of a schema (`x-kubernetes-validations`, KEP-2876), made ready where they stand. */
export interface RuleValidator {
  /**
   * What the rules have against a value; those about a change need the old one. `warn` gets what they have against parts that did
   * not change, which is not held against the value (KEP-4008 ratcheting).
   */
  validate(value: unknown, path: string, old: unknown, warn: (text: string) => void): FieldError[];
}

/** What all rules of one object may cost together, in CEL's units. */
const objectCostMax = 10_000_000;
const messageBytesMax = 5 * 1024;
const outOfBudget = 'validation failed due to running out of cost budget, no further validation rules will be run';

/** A place in the schema at or below which there are rules. */
interface Place {
  readonly props: JSONSchemaProps;
  readonly declared: DeclaredType;
  readonly rules: readonly CompiledRule[];
  /** Rules that only stand in parts of `allOf`. */
  readonly allOf: readonly Place[];
  readonly properties: ReadonlyMap<string, Place>;
  readonly values: Place | undefined;
  readonly items: Place | undefined;
}

/** Undefined for a schema without rules. */
export function compileRules(props: JSONSchemaProps | undefined): RuleValidator | undefined {
  const declared = props && declaredType(props, true);
  const root = props && declared && placeOf(props, props, declared);
  if (root === undefined) return undefined;
  return {
    validate(value, path, old, warn) {
      const run = new Run(warn);
      try {
        run.place(root, { value, path, old, correlated: old !== undefined, parentIsEqual: () => false });
      } catch (error) {
        if (!(error instanceof OutOfBudget)) throw error;
      }
      return run.errors;
    },
  };
}

/** Rules stand in `props`; what values are is said by `node`, which differs in parts of `allOf`. */
function placeOf(props: JSONSchemaProps, node: JSONSchemaProps, declared: DeclaredType): Place | undefined {
  const rules = (props['x-kubernetes-validations'] ?? []).map((rule) => compileRule(rule, declared, () => true));
  const properties = new Map<string, Place>();
  for (const [name, child] of Object.entries(props.properties ?? {})) {
    const below = node.properties?.[name];
    const place = below && childPlace(child, below);
    if (place !== undefined) properties.set(name, place);
  }
  const within = (of: (each: JSONSchemaProps) => JSONSchemaProps | undefined) => {
    const [child, below] = [of(props), of(node)];
    return child && below && childPlace(child, below);
  };
  const [values, items] = [within(valuesOf), within(itemsOf)];
  const allOf = (props.allOf ?? []).flatMap((part) => placeOf(part, node, declared) ?? []);
  const isEmpty = rules.length + allOf.length + properties.size === 0 && values === undefined && items === undefined;
  return isEmpty ? undefined : { props: node, declared, rules, allOf, properties, values, items };
}

function childPlace(props: JSONSchemaProps, node: JSONSchemaProps): Place | undefined {
  const declared = declaredType(node, node['x-kubernetes-embedded-resource'] === true);
  return declared && placeOf(props, node, declared);
}

/** Nothing more is evaluated. */
class OutOfBudget extends Error {}

interface At {
  readonly value: unknown;
  readonly path: string;
  readonly old: unknown;
  /** The old value is that of the same element. */
  readonly correlated: boolean;
  /** What it is a part of did not change: rules that came later do not hold it against its owner. */
  readonly parentIsEqual: () => boolean;
}

/** One validation of an object. */
class Run {
  readonly errors: FieldError[] = [];
  readonly #warn: (text: string) => void;
  readonly #budget: CostBudget = { remaining: objectCostMax };

  constructor(warn: (text: string) => void) {
    this.#warn = warn;
  }

  place(place: Place, at: At): void {
    const { value, path, old } = at;
    if (value === undefined || value === null) return;
    const isUnchanged = once(() => (at.correlated ? deepEqual(value, old) : at.parentIsEqual()));
    this.#rules(place, at, isUnchanged);
    for (const part of place.allOf) this.place(part, { ...at, correlated: false });
    if (Array.isArray(value)) {
      const { items } = place;
      if (items === undefined) return;
      const oldOf = correlation(place.props, old);
      for (const [index, item] of value.entries()) {
        const before = oldOf(item);
        const inner = { value: item, path: `${path}[${index}]`, old: before, correlated: before !== undefined };
        this.place(items, { ...inner, parentIsEqual: isUnchanged });
      }
    } else if (isObject(value)) this.#members(place, value, at, isUnchanged);
  }

  #members(place: Place, value: Readonly<Record<string, unknown>>, at: At, parentIsEqual: () => boolean): void {
    const { path, old } = at;
    const before = isObject(old) ? old : {};
    for (const [name, child] of Object.entries(value)) {
      const property = place.properties.get(name);
      const inner = { value: child, old: before[name], correlated: before[name] !== undefined, parentIsEqual };
      if (place.values !== undefined) this.place(place.values, { ...inner, path: `${path}[${name}]` });
      if (property === undefined) continue;
      this.place(property, { ...inner, path: path === '' ? name : `${path}.${name}` });
    }
  }

  #rules({ rules, props, declared }: Place, at: At, isUnchanged: () => boolean): void {
    if (rules.length === 0) return;
    const type = props.type ?? '';
    if (this.#budget.remaining <= 0) this.#stop(field.invalid(at.path, type, outOfBudget));
    const hasOld = at.old !== undefined && at.old !== null;
    const values = once((): Values | string => {
      try {
        const old = hasOld && rules.some(({ usesOldSelf }) => usesOldSelf) ? ruleValue(at.old, declared) : undefined;
        return { self: ruleValue(at.value, declared), ...(old === undefined ? {} : { oldSelf: old }) };
      } catch (error) {
        if (error instanceof CelError) return error.message;
        throw error;
      }
    });
    for (const compiled of rules) {
      if (compiled.problem !== undefined) {
        this.errors.push(field.invalid(at.path, type, `rule compile error: ${compiled.problem}`));
      }
      if (compiled.program === undefined) continue;
      if (compiled.usesOldSelf && !hasOld && compiled.rule.optionalOldSelf !== true) continue;
      const given = values();
      if (typeof given === 'string') {
        this.errors.push(field.invalid(at.path, type, `${given} evaluating rule: ${shown(compiled.rule)}`));
        continue;
      }
      const error = this.#rule(compiled, props, at, given);
      if (error === undefined) continue;
      if (!compiled.usesOldSelf && isUnchanged()) this.#warn(fieldErrorText(error));
      else this.errors.push(error);
    }
  }

  /** What one rule says; errors of evaluation are added at once, changed or not. */
  #rule(compiled: CompiledRule, props: JSONSchemaProps, { path, value }: At, given: Values): FieldError | undefined {
    const { rule, program } = compiled;
    const type = props.type ?? '';
    const oldSelf = rule.optionalOldSelf === true ? celOptional(given.oldSelf) : given.oldSelf;
    const variables = { self: given.self, ...(oldSelf === undefined ? {} : { oldSelf }) };
    let failure: CelError | undefined;
    let holds: unknown;
    try {
      holds = program?.evaluate(variables, this.#budget);
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      failure = error;
    }
    if (this.#budget.remaining < 0) this.#stop(field.invalid(path, type, outOfBudget));
    if (failure instanceof CelCostError) {
      const text = `no further validation rules will be run due to call cost exceeds limit for rule: ${shown(rule)}`;
      this.#stop(field.invalid(path, type, `'${failure.message}': ${text}`));
    }
    if (failure !== undefined) {
      this.errors.push(field.invalid(path, type, failureText(failure.message, rule)));
      return undefined;
    }
    if (holds === true) return undefined;
    const below = rule.fieldPath ? ruleFieldPath(rule.fieldPath, props) : undefined;
    const at = below === undefined ? path : path === '' ? below.replace(/^\./, '') : `${path}${below}`;
    const detail = this.#message(compiled, at, type, variables) ?? messageOf(rule);
    return errorFor(rule, at, type === 'object' || type === 'array' ? omitted : value, detail);
  }

  #message({ message, rule }: CompiledRule, path: string, type: string, variables: object): string | undefined {
    if (message === undefined) return undefined;
    let text: CelValue;
    let failure: unknown;
    try {
      text = message.evaluate(variables as Record<string, unknown>, this.#budget);
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      failure = error;
      text = null;
    }
    const stop = 'no further validation rules will be run';
    if (this.#budget.remaining < 0) {
      this.#stop(
        field.invalid(path, type, `messageExpression evaluation failed due to running out of cost budget, ${stop}`),
      );
    }
    if (failure instanceof CelCostError) {
      const expression = JSON.stringify(rule.messageExpression);
      this.#stop(
        field.invalid(path, type, `${stop} due to call cost exceeds limit for messageExpression: ${expression}`),
      );
    }
    const trimmed = typeof text === 'string' ? text.trim() : '';
    const isFine = trimmed !== '' && !trimmed.includes('\n') && Buffer.byteLength(trimmed) <= messageBytesMax;
    return isFine ? trimmed : undefined;
  }

  #stop(error: FieldError): never {
    this.errors.push(error);
    throw new OutOfBudget();
  }
}

interface Values {
  readonly self: CelValue;
  readonly oldSelf?: CelValue;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** Items of a list have an old state where keys tell which it is. */
function correlation(props: JSONSchemaProps, old: unknown): (item: unknown) => unknown {
  const keys = props['x-kubernetes-list-map-keys'] ?? [];
  if (props['x-kubernetes-list-type'] !== 'map' || !Array.isArray(old)) return () => undefined;
  const keyOf = (item: unknown) => JSON.stringify(keys.map((key) => (isObject(item) ? item[key] : undefined)));
  const byKey = new Map(old.map((item) => [keyOf(item), item as unknown]));
  return (item) => byKey.get(keyOf(item));
}

const shown = ({ message, rule }: ValidationRule) => (message || rule).trim();
const messageOf = (rule: ValidationRule) => (rule.message ? rule.message.trim() : `failed rule: ${shown(rule)}`);

function failureText(message: string, rule: ValidationRule): string {
  if (!message.startsWith('no such overload')) return `${message} evaluating rule: ${shown(rule)}`;
  const text = 'call arguments did not match a supported operator, function or macro signature for rule';
  return `'${message}': ${text}: ${shown(rule)}`;
}

function errorFor({ reason }: ValidationRule, path: string, value: unknown, detail: string): FieldError {
  switch (reason) {
    case 'FieldValueForbidden':
      return field.forbidden(path, detail);
    case 'FieldValueRequired':
      return field.required(path, detail);
    case 'FieldValueDuplicate':
      return field.duplicate(path, value);
    default:
      return field.invalid(path, value, detail);
  }
}
