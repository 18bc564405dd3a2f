import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { JSONSchemaProps, ValidationRule } from '@coracle/apimachinery/types/apiextensions-v1';
import { cardinalityMax, type CompiledRule, compileRule, type WasStored } from './compiled-rules.ts';
import { type DeclaredType, declaredType } from './declared-type.ts';
import { ruleFieldPath } from './field-path.ts';
import { itemsOf, schemaOfValues } from './schema-props.ts';

/** What one expression, and all of a schema together, can cost at most. */
const expressionCostMax = 10_000_000;
const schemaCostMax = 100_000_000;
/** Go's largest uint64: nothing limits it. */
const unlimited = 2 ** 64;
const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];
const hasBreak = (text: string) => /[\n\r]/.test(text);

/** What is wrong with the rules of a schema, by where they stand in it (apiextensions `validation.go`). */
export function checkRules(props: JSONSchemaProps, path: string, context: RuleContext = {}): FieldError[] {
  const shape = shapeErrors(props, path);
  if (shape.length > 0) return shape;
  const check = new Check(context);
  const declared = declaredType(props, true);
  check.visit({ props, path, declared, cardinality: 1, uncorrelatable: undefined });
  return [...check.errors, ...check.totalErrors(path)];
}

export interface RuleContext {
  readonly wasStored?: WasStored;
  /** The schema is as it was: what it costs was accepted once. */
  readonly unchanged?: boolean;
}

/** A place in the schema. */
interface Place {
  readonly props: JSONSchemaProps;
  readonly path: string;
  /** Undefined where rules see nothing. */
  readonly declared: DeclaredType | undefined;
  /** How often it can be in an object; undefined where only the size of a request limits it. */
  readonly cardinality: number | undefined;
  /** The list or map in which old values cannot be told apart. */
  readonly uncorrelatable: string | undefined;
}

class Check {
  readonly errors: FieldError[] = [];
  readonly #context: RuleContext;
  readonly #costs: { readonly path: string; readonly cost: number }[] = [];
  #total = 0;

  constructor(context: RuleContext) {
    this.#context = context;
  }

  visit(place: Place): void {
    const { props, path, declared } = place;
    if (declared !== undefined) this.#rules(place, declared);
    const cardinality = place.cardinality === undefined ? undefined : multiply(place.cardinality, elementsOf(props));
    const inner = { cardinality: Number.isNaN(cardinality) ? undefined : cardinality };
    const values = schemaOfValues(props);
    const items = itemsOf(props);
    const isAtomic = !['granular', 'atomic', undefined].includes(props['x-kubernetes-map-type']);
    for (const [name, child] of Object.entries(props.properties ?? {})) {
      const childPath = `${path}.properties[${name}]`;
      const uncorrelatable = isAtomic ? path : place.uncorrelatable;
      this.visit({ props: child, path: childPath, declared: declaredOf(child), ...inner, uncorrelatable });
    }
    if (values !== undefined) {
      const { uncorrelatable } = place;
      const childPath = `${path}.additionalProperties`;
      this.visit({ props: values, path: childPath, declared: declaredOf(values), ...inner, uncorrelatable });
    }
    if (items === undefined) return;
    const uncorrelatable = props['x-kubernetes-list-type'] === 'map' ? place.uncorrelatable : path;
    this.visit({ props: items, path: `${path}.items`, declared: declaredOf(items), ...inner, uncorrelatable });
  }

  #rules(place: Place, declared: DeclaredType): void {
    for (const [index, rule] of rulesOf(place.props).entries()) {
      const at = `${place.path}.x-kubernetes-validations[${index}]`;
      const compiled = compileRule(rule, declared, this.#context.wasStored ?? (() => false));
      this.#cost(`${at}.rule`, 'estimated rule cost', compiled.costMax, place, declared);
      if (compiled.problem !== undefined)
        this.errors.push(field.invalid(`${at}.rule`, internalForm(rule), compiled.problem));
      if (compiled.messageProblem !== undefined) {
        this.errors.push(field.invalid(`${at}.messageExpression`, internalForm(rule), compiled.messageProblem));
      } else if (compiled.message !== undefined) this.#messageCost(`${at}.messageExpression`, compiled);
      this.#oldSelf(at, compiled, place);
    }
  }

  #cost(path: string, name: string, cost: number, { cardinality }: Place, declared: DeclaredType): void {
    const all = multiply(cost, cardinality ?? cardinalityMax(declared));
    if (this.#context.unchanged !== true && all > expressionCostMax) {
      this.errors.push(field.forbidden(path, costText(name, all, expressionCostMax)));
    }
    this.#observe(path, all);
  }

  #messageCost(path: string, { messageCostMax }: CompiledRule): void {
    if (this.#context.unchanged !== true && messageCostMax > expressionCostMax) {
      const text = costText('estimated messageExpression cost', messageCostMax, expressionCostMax);
      this.errors.push(field.forbidden(path, text));
    }
    this.#observe(path, messageCostMax);
  }

  #observe(path: string, cost: number): void {
    this.#total = Math.min(this.#total + cost, unlimited);
    if (cost >= schemaCostMax / 100) this.#costs.push({ path, cost });
  }

  #oldSelf(at: string, { rule, usesOldSelf }: CompiledRule, { uncorrelatable }: Place): void {
    if (usesOldSelf && uncorrelatable !== undefined) {
      const text = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`;
      this.errors.push(field.invalid(`${at}.rule`, rule.rule, text));
    } else if (!usesOldSelf && rule.optionalOldSelf !== undefined) {
      const text = 'may not be set if oldSelf is not used in rule';
      this.errors.push(field.invalid(`${at}.optionalOldSelf`, rule.optionalOldSelf, text));
    }
  }

  /** All rules together, with the four that cost most. */
  totalErrors(path: string): FieldError[] {
    if (this.#total <= schemaCostMax) return [];
    const most = [...this.#costs].sort((a, b) => b.cost - a.cost).slice(0, 4);
    const text = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema';
    const name = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
    return [
      ...most.map((each) => field.forbidden(each.path, text)),
      field.forbidden(path, costText(name, this.#total, schemaCostMax)),
    ];
  }
}

const declaredOf = (props: JSONSchemaProps) => declaredType(props, props['x-kubernetes-embedded-resource'] === true);

function rulesOf(props: JSONSchemaProps): readonly ValidationRule[] {
  return props['x-kubernetes-validations'] ?? [];
}

/** A rule as upstream's messages print it: its internal type has no names for JSON. */
function internalForm(rule: ValidationRule): object {
  const { message = '', messageExpression = '', reason = null, fieldPath = '', optionalOldSelf = null } = rule;
  return {
    Rule: rule.rule ?? '',
    Message: message,
    MessageExpression: messageExpression,
    Reason: reason,
    FieldPath: fieldPath,
    OptionalOldSelf: optionalOldSelf,
  };
}

const multiply = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : Math.min(a * b, unlimited));

/** How many values are in one of this schema; not a number where it sets no limit. */
function elementsOf({ type, additionalProperties, maxProperties, maxItems }: JSONSchemaProps): number {
  if (type === 'array') return maxItems === undefined ? Number.NaN : Math.max(maxItems, 0);
  if (type !== 'object' || additionalProperties === undefined) return 1;
  return maxProperties === undefined ? Number.NaN : Math.max(maxProperties, 0);
}

function costText(name: string, cost: number, limit: number): string {
  const times = cost / limit;
  const factor = times > 100 ? 'more than 100x' : times < 1.5 ? `${times.toFixed(6)}x` : `${times.toFixed(1)}x`;
  const hint =
    'try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are';
  return `${name} exceeds budget by factor of ${factor} (${hint} declared)`;
}

/** What is wrong with rules before they are read as expressions. */
export function shapeErrors(props: JSONSchemaProps, path: string): FieldError[] {
  const errors = rulesOf(props).flatMap((rule, index) =>
    ruleShapeErrors(rule, `${path}.x-kubernetes-validations[${index}]`, props),
  );
  for (const [name, child] of Object.entries(props.properties ?? {})) {
    errors.push(...shapeErrors(child, `${path}.properties[${name}]`));
  }
  const [values, items] = [schemaOfValues(props), itemsOf(props)];
  if (values !== undefined) errors.push(...shapeErrors(values, `${path}.additionalProperties`));
  if (items !== undefined) errors.push(...shapeErrors(items, `${path}.items`));
  return errors;
}

function ruleShapeErrors(rule: ValidationRule, at: string, props: JSONSchemaProps): FieldError[] {
  const { message = '', messageExpression = '', fieldPath = '', reason } = rule;
  const [text, told] = [(rule.rule ?? '').trim(), message.trim()];
  const errors: FieldError[] = [];
  if (text === '') errors.push(field.required(`${at}.rule`, 'rule is not specified'));
  else if (message !== '' && told === '') {
    errors.push(field.invalid(`${at}.message`, message, 'must be non-empty if specified'));
  } else if (hasBreak(told)) errors.push(field.invalid(`${at}.message`, message, 'must not contain line breaks'));
  else if (hasBreak(text) && told === '') {
    errors.push(field.required(`${at}.message`, 'message must be specified if rule contains line breaks'));
  }
  if (messageExpression !== '' && messageExpression.trim() === '') {
    errors.push(field.required(`${at}.messageExpression`, 'messageExpression must be non-empty if specified'));
  }
  if (reason !== undefined && !reasons.includes(reason)) {
    errors.push(field.notSupported(`${at}.reason`, reason, reasons));
  }
  if (fieldPath === '') return errors;
  const wrong = (detail: string) => errors.push(field.invalid(`${at}.fieldPath`, fieldPath, detail));
  if (fieldPath.trim() === '') wrong('must be non-empty if specified');
  if (hasBreak(fieldPath)) wrong('must not contain line breaks');
  if (ruleFieldPath(fieldPath, props) === undefined) wrong('must be a valid path');
  return errors;
}
