import { CelError, type CelProgram, compile } from '@coracle/apimachinery/cel';
import { type FieldError, field, omitted, textOfError } from '@coracle/apimachinery/errors';
import { deepEqual, isObject } from '@coracle/apimachinery/json';
import type { Schema } from '@coracle/apimachinery/schema';
import type { JSONSchemaProps, ValidationRule } from '@coracle/apimachinery/types/apiextensions-v1';
import { compileRegex } from '../admission/cel/index.ts';
import { itemsOf, valuesOf } from './schema-props.ts';
import { structuralSchema } from './structural-schema.ts';

/** The rules of a schema (`x-kubernetes-validations`, KEP-2876), made ready where they stand. */
export interface RuleValidator {
  /** What the rules have against a value; those about a change need the old one. */
  validate(value: unknown, path: string, old: unknown): FieldError[];
}

interface CompiledRule {
  readonly rule: ValidationRule;
  readonly program: CelProgram;
  readonly message: CelProgram | undefined;
  readonly usesOldSelf: boolean;
}

/** A place in the schema at or below which there are rules. */
interface Place {
  readonly props: JSONSchemaProps;
  readonly rules: readonly CompiledRule[];
  readonly properties: ReadonlyMap<string, Place>;
  readonly values: Place | undefined;
  readonly items: Place | undefined;
}

/** Of an object's metadata rules see the name only. */
const nameOnly: Schema = {
  type: 'object',
  fields: new Map(
    ['name', 'generateName'].map((name) => [name, { name, schema: { type: 'scalar', scalar: 'string' } }]),
  ),
};
const stepsMax = 1_000_000;

/** Undefined for a schema without rules. Rules that do not compile are left out: `checkRules` refuses them. */
export function compileRules(props: JSONSchemaProps | undefined): RuleValidator | undefined {
  const root = props && placeOf(props, true);
  return root && { validate: (value, path, old) => validatePlace(root, value, path, old) };
}

/** What is wrong with the rules of a schema, by where they stand in it. */
export function checkRules(props: JSONSchemaProps, path: string, root = true): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, rule] of rulesOf(props).entries()) {
    const at = `${path}.x-kubernetes-validations[${index}]`;
    if ((rule.rule ?? '').trim() === '') errors.push(field.required(`${at}.rule`, 'rule is not specified'));
    for (const name of ['rule', 'messageExpression'] as const) {
      const expression = rule[name] ?? '';
      const found = expression.trim() === '' ? undefined : failureOf(expression, props, root);
      if (found !== undefined) errors.push(field.invalid(`${at}.${name}`, expression, `compilation failed: ${found}`));
    }
  }
  for (const [name, child] of Object.entries(props.properties ?? {})) {
    errors.push(...checkRules(child, `${path}.properties[${name}]`, false));
  }
  const [values, items] = [valuesOf(props), itemsOf(props)];
  if (values !== undefined) errors.push(...checkRules(values, `${path}.additionalProperties`, false));
  if (items !== undefined) errors.push(...checkRules(items, `${path}.items`, false));
  return errors;
}

function rulesOf(props: JSONSchemaProps): readonly ValidationRule[] {
  return props['x-kubernetes-validations'] ?? [];
}

function programOf(expression: string, props: JSONSchemaProps, root: boolean): CelProgram {
  const self = root ? structuralSchema(props, nameOnly) : inner(props);
  return compile(expression, { variables: { self, oldSelf: undefined }, regex: compileRegex, stepsMax });
}

/** The structure of a schema that is no root: without apiVersion, kind and metadata. */
function inner(props: JSONSchemaProps): Schema | undefined {
  const wrapper = structuralSchema({ type: 'object', properties: { self: props } }, nameOnly);
  return wrapper.fields.get('self')?.schema;
}

function failureOf(expression: string, props: JSONSchemaProps, root: boolean): string | undefined {
  try {
    programOf(expression, props, root);
    return undefined;
  } catch (error) {
    if (error instanceof CelError) return error.message;
    throw error;
  }
}

function placeOf(props: JSONSchemaProps, root = false): Place | undefined {
  const rules = rulesOf(props).flatMap((rule) => compiledRule(rule, props, root) ?? []);
  const properties = new Map<string, Place>();
  for (const [name, child] of Object.entries(props.properties ?? {})) {
    const place = placeOf(child);
    if (place !== undefined) properties.set(name, place);
  }
  const [valueProps, itemProps] = [valuesOf(props), itemsOf(props)];
  const values = valueProps && placeOf(valueProps);
  const items = itemProps && placeOf(itemProps);
  if (rules.length === 0 && properties.size === 0 && values === undefined && items === undefined) return undefined;
  return { props, rules, properties, values, items };
}

function compiledRule(rule: ValidationRule, props: JSONSchemaProps, root: boolean): CompiledRule | undefined {
  try {
    const program = programOf(rule.rule, props, root);
    const message = rule.messageExpression ? programOf(rule.messageExpression, props, root) : undefined;
    return { rule, program, message, usesOldSelf: /\boldSelf\b/.test(rule.rule) };
  } catch (error) {
    if (error instanceof CelError) return undefined;
    throw error;
  }
}

function validatePlace(place: Place, value: unknown, path: string, old: unknown): FieldError[] {
  if (value === undefined || value === null) return [];
  // A value that did not change was accepted once: rules that came later do not hold it against its owner.
  const unchanged = old !== undefined && path !== '' && deepEqual(value, old);
  const errors = unchanged ? [] : place.rules.flatMap((rule) => errorOf(rule, place.props, value, path, old) ?? []);
  if (Array.isArray(value)) {
    const { items } = place;
    if (items === undefined) return errors;
    const oldOf = correlation(place.props, old);
    return [...errors, ...value.flatMap((item, index) => validatePlace(items, item, `${path}[${index}]`, oldOf(item)))];
  }
  if (!isObject(value)) return errors;
  const before = isObject(old) ? old : {};
  for (const [name, child] of Object.entries(value)) {
    const at = place.properties.get(name);
    if (at !== undefined)
      errors.push(...validatePlace(at, child, path === '' ? name : `${path}.${name}`, before[name]));
    else if (place.values !== undefined)
      errors.push(...validatePlace(place.values, child, `${path}[${name}]`, before[name]));
  }
  return errors;
}

/** Items of a list have an old state where keys tell which it is. */
function correlation(props: JSONSchemaProps, old: unknown): (item: unknown) => unknown {
  const keys = props['x-kubernetes-list-map-keys'] ?? [];
  if (props['x-kubernetes-list-type'] !== 'map' || !Array.isArray(old)) return () => undefined;
  const keyOf = (item: unknown) => JSON.stringify(keys.map((key) => (isObject(item) ? item[key] : undefined)));
  const byKey = new Map(old.map((item) => [keyOf(item), item as unknown]));
  return (item) => byKey.get(keyOf(item));
}

function errorOf(
  { rule, program, message, usesOldSelf }: CompiledRule,
  { type = 'object' }: JSONSchemaProps,
  value: unknown,
  path: string,
  old: unknown,
): FieldError | undefined {
  if (usesOldSelf && (old === undefined || old === null) && rule.optionalOldSelf !== true) return undefined;
  const variables = { self: value, ...(usesOldSelf ? { oldSelf: old ?? null } : {}) };
  const text = (rule.message ?? rule.rule).trim();
  try {
    if (program.evaluate(variables) === true) return undefined;
  } catch (error) {
    const why = textOfError(error);
    if (why.startsWith('operation cancelled')) {
      const more = `no further validation rules will be run due to call cost exceeds limit for rule: ${text}`;
      return field.invalid(path, type, `'${why}': ${more}`);
    }
    return field.invalid(path, type, `${why} evaluating rule: ${text}`);
  }
  const at = rule.fieldPath ? `${path}${path === '' ? rule.fieldPath.slice(1) : rule.fieldPath}` : path;
  const detail = messageOf(message, variables) ?? (rule.message === undefined ? `failed rule: ${text}` : text);
  const shown = type === 'object' || type === 'array' ? omitted : value;
  switch (rule.reason) {
    case 'FieldValueForbidden':
      return field.forbidden(at, detail);
    case 'FieldValueRequired':
      return field.required(at, detail);
    case 'FieldValueDuplicate':
      return field.duplicate(at, shown);
    default:
      return field.invalid(at, shown, detail);
  }
}

function messageOf(program: CelProgram | undefined, variables: Readonly<Record<string, unknown>>): string | undefined {
  try {
    const text = program?.evaluate(variables);
    return typeof text === 'string' && text.trim() !== '' ? text.trim() : undefined;
  } catch {
    return undefined;
  }
}
