import { type FieldError, field } from '@coracle/apimachinery/errors';
import { deepEqual } from '@coracle/apimachinery/json';
import type { JSONSchemaProps } from '@coracle/apimachinery/types/apiextensions-v1';
import { compilePattern, type Pattern } from '../patterns/index.ts';
import { isFormat } from './formats.ts';
import { itemsOf, valuesOf } from './schema-props.ts';

/**
 * Checks values of a custom resource against what its schema says beyond structure, in upstream's words (kube-openapi
 * `pkg/validation`, turned into field errors as apiextensions `validation.go` does). Compiled once a schema version.
 */
export interface ValueValidator {
  /**
   * `path` as printed (`spec.replicas`), empty at the root. With `old`, what has not changed is not held against the
   * object (KEP-4008 ratcheting).
   */
  validate(value: unknown, path: string, old?: unknown): readonly FieldError[];
}

type Check = (value: unknown, path: string, old: unknown, errors: FieldError[]) => void;

export function compileValidator(props: JSONSchemaProps | undefined): ValueValidator {
  const check = props === undefined ? undefined : compile(props);
  return {
    validate(value, path, old) {
      const errors: FieldError[] = [];
      check?.(value, path, old, errors);
      return errors;
    },
  };
}

/** Stands for "there is no old value", which undefined in a list could also mean. */
const noOld: unique symbol = Symbol('no old value');

function compile(props: JSONSchemaProps): Check {
  const types = typesOf(props);
  const enumOnly = enumCheck(props);
  const checks = [
    combinations(props),
    stringChecks(props),
    numberChecks(props),
    listChecks(props),
    enumOnly,
    objectChecks(props),
  ].filter((check) => check !== undefined);
  return (value, path, old, errors) => {
    if (old !== undefined && old !== noOld && deepEqual(value, old)) return;
    if (value === null && props.nullable === true) return;
    const mismatch = typeMismatch(value, path, types, props.format);
    if (mismatch !== undefined) errors.push(mismatch);
    if (value === null) enumOnly?.(value, path, old, errors);
    else for (const check of checks) check(value, path, old, errors);
  };
}

/** A definition that another server has stored may have a pattern that is none here: nothing matches it. */
function patternOf(source: string): Pattern | Error {
  try {
    return compilePattern(source);
  } catch (error) {
    return error as Error;
  }
}

function checkPattern(
  expression: Pattern | Error,
  source: string,
  value: string,
  path: string,
  errors: FieldError[],
): void {
  if (expression instanceof Error) {
    const problem = `${source}, but pattern is invalid: ${expression.message}`;
    errors.push(field.invalid(path, value, `${inBody(path)} should match '${problem}'`));
    return;
  }
  try {
    if (expression.test(value)) return;
    errors.push(field.invalid(path, value, `${inBody(path)} should match '${source}'`));
  } catch (error) {
    errors.push(field.invalid(path, value, (error as Error).message));
  }
}

function typesOf(props: JSONSchemaProps): readonly string[] {
  if (props['x-kubernetes-int-or-string'] === true) return ['integer', 'string'];
  return props.type === undefined || props.type === '' ? [] : [props.type];
}

function isType(value: unknown, type: string): boolean {
  const found = jsonTypeOf(value);
  return found === type || (found === 'integer' && type === 'number');
}

function jsonTypeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

/**
 * A value of another type (kube-openapi typeValidator). A format is the type of what has one: its name is told, and texts and
 * lists are left to it.
 */
function typeMismatch(value: unknown, path: string, types: readonly string[], format = ''): FieldError | undefined {
  if (types.length === 0 || types.some((type) => isType(value, type))) return undefined;
  const isTextOrList = typeof value === 'string' || Array.isArray(value);
  if (format === '' || value === null) return typeError(path, types.join(','), jsonTypeOf(value));
  if (!isTextOrList) return typeError(path, format, formatOf(value));
  const isNumeric = types.includes('number') || types.includes('integer');
  return isNumeric ? typeError(path, types.join(','), jsonTypeOf(value)) : undefined;
}

/** The format that upstream sees in a value. */
function formatOf(value: unknown): string {
  if (typeof value !== 'number') return '';
  return Number.isInteger(value) ? 'int64' : 'float64';
}

function typeError(path: string, wanted: string, found: string): FieldError {
  return field.typeInvalid(path, found, `${inBody(path)} must be of type ${wanted}: "${found}"`);
}

/** `spec.replicas in body`; nothing but `in body` at the root, as upstream prints it. */
function inBody(path: string): string {
  return `${path} in body`;
}

function enumCheck({ enum: allowed }: JSONSchemaProps): Check | undefined {
  if (allowed === undefined) return undefined;
  const printed = allowed.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
  return (value, path, _old, errors) => {
    if (!allowed.some((each) => deepEqual(each, value))) errors.push(field.notSupported(path, value, printed));
  };
}

function stringChecks(props: JSONSchemaProps): Check | undefined {
  const { maxLength, minLength, pattern, format } = props;
  if (maxLength === undefined && minLength === undefined && pattern === undefined && format === undefined)
    return undefined;
  const expression = pattern === undefined ? undefined : patternOf(pattern);
  return (value, path, _old, errors) => {
    if (typeof value !== 'string') return;
    const length = maxLength === undefined && minLength === undefined ? 0 : [...value].length;
    if (maxLength !== undefined && length > maxLength) errors.push(field.tooLong(path, maxLength));
    if (minLength !== undefined && length < minLength) {
      errors.push(field.invalid(path, value, `${inBody(path)} should be at least ${minLength} chars long`));
    }
    if (expression !== undefined) checkPattern(expression, pattern as string, value, path, errors);
    if (format !== undefined && !isFormat(value, format)) {
      errors.push(
        field.typeInvalid(path, value, `${inBody(path)} must be of type ${format}: ${JSON.stringify(value)}`),
      );
    }
  };
}

function numberChecks(props: JSONSchemaProps): Check | undefined {
  const { maximum, minimum, multipleOf } = props;
  if (maximum === undefined && minimum === undefined && multipleOf === undefined) return undefined;
  return (value, path, _old, errors) => {
    if (typeof value !== 'number') return;
    const fail = (what: string) => errors.push(field.invalid(path, value, `${inBody(path)} should be ${what}`));
    if (maximum !== undefined && (props.exclusiveMaximum === true ? value >= maximum : value > maximum)) {
      fail(`less than ${props.exclusiveMaximum === true ? '' : 'or equal to '}${maximum}`);
    }
    if (minimum !== undefined && (props.exclusiveMinimum === true ? value <= minimum : value < minimum)) {
      fail(`greater than ${props.exclusiveMinimum === true ? '' : 'or equal to '}${minimum}`);
    }
    if (multipleOf === undefined) return;
    // Upstream divides integers by integers: a fraction is cut to nothing.
    if (Number.isInteger(value) && Math.trunc(multipleOf) === 0) {
      errors.push(field.invalid(path, 0, `factor MultipleOf declared for ${path} must be positive: 0`));
    } else if (!Number.isInteger(value / multipleOf)) fail(`a multiple of ${multipleOf}`);
  };
}

function listChecks(props: JSONSchemaProps): Check | undefined {
  const { maxItems, minItems } = props;
  const itemProps = itemsOf(props);
  const listType = props['x-kubernetes-list-type'];
  if (itemProps === undefined && maxItems === undefined && minItems === undefined) return undefined;
  const item = itemProps === undefined ? undefined : compile(itemProps);
  const keyOf = listType === 'map' ? mapKey(props, itemProps) : listType === 'set' ? setKey : undefined;
  return (value, path, old, errors) => {
    if (!Array.isArray(value)) return;
    if (maxItems !== undefined && value.length > maxItems) errors.push(field.tooMany(path, value.length, maxItems));
    if (minItems !== undefined && value.length < minItems) {
      errors.push(field.invalid(path, value.length, `${inBody(path)} should have at least ${minItems} items`));
    }
    const oldItems = Array.isArray(old) && listType === 'map' && keyOf !== undefined ? byKey(old, keyOf) : undefined;
    const seen = new Set<string>();
    for (const [index, each] of value.entries()) {
      const at = `${path}[${index}]`;
      const key = keyOf?.(each);
      item?.(each, at, (key === undefined ? undefined : oldItems?.get(key)) ?? noOld, errors);
      if (key === undefined) continue;
      if (seen.has(key)) errors.push(field.duplicate(at, duplicateValue(each, props)));
      seen.add(key);
    }
  };
}

function byKey(items: readonly unknown[], keyOf: (item: unknown) => string): ReadonlyMap<string, unknown> {
  return new Map(items.map((item) => [keyOf(item), item]));
}

const setKey = (item: unknown): string => JSON.stringify(item) ?? 'null';

function mapKey(props: JSONSchemaProps, itemProps: JSONSchemaProps | undefined): (item: unknown) => string {
  const keys = props['x-kubernetes-list-map-keys'] ?? [];
  return (item) =>
    JSON.stringify(
      keys.map(
        (key) => (item as Record<string, unknown> | null)?.[key] ?? itemProps?.properties?.[key]?.default ?? null,
      ),
    );
}

/** Upstream names the whole item of a set, the keys of a map's. */
function duplicateValue(item: unknown, props: JSONSchemaProps): unknown {
  const keys = props['x-kubernetes-list-map-keys'];
  if (keys === undefined || typeof item !== 'object' || item === null) return item;
  return Object.fromEntries(keys.map((key) => [key, (item as Record<string, unknown>)[key]]));
}

function objectChecks(props: JSONSchemaProps): Check | undefined {
  const { properties, required = [], maxProperties, minProperties } = props;
  const fields = Object.entries(properties ?? {}).map(([name, property]) => [name, compile(property)] as const);
  const valueProps = valuesOf(props);
  const values = valueProps === undefined ? undefined : compile(valueProps);
  const isEmpty = fields.length === 0 && required.length === 0 && values === undefined;
  if (isEmpty && maxProperties === undefined && minProperties === undefined) return undefined;
  return (value, path, old, errors) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    const object = value as Record<string, unknown>;
    const before = typeof old === 'object' && old !== null ? (old as Record<string, unknown>) : undefined;
    for (const name of required) if (!Object.hasOwn(object, name)) errors.push(field.required(child(path, name)));
    for (const [name, check] of fields) {
      if (Object.hasOwn(object, name)) check(object[name], child(path, name), before?.[name] ?? noOld, errors);
    }
    if (values !== undefined) {
      for (const name in object) values(object[name], child(path, name), before?.[name] ?? noOld, errors);
    }
    countProperties(object, path, props, errors);
  };
}

function countProperties(
  object: Record<string, unknown>,
  path: string,
  { maxProperties, minProperties }: JSONSchemaProps,
  errors: FieldError[],
): void {
  if (maxProperties === undefined && minProperties === undefined) return;
  const count = Object.keys(object).length;
  if (maxProperties !== undefined && count > maxProperties) errors.push(field.tooMany(path, count, maxProperties));
  if (minProperties !== undefined && count < minProperties) {
    errors.push(field.invalid(path, count, `${inBody(path)} should have at least ${minProperties} properties`));
  }
}

function child(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** allOf, anyOf, oneOf and not: at the root of the message, without a field, as upstream answers them. */
function combinations(props: JSONSchemaProps): Check | undefined {
  const compileAll = (list: readonly JSONSchemaProps[] | undefined) => list?.map(compile);
  const [allOf, anyOf, oneOf] = [compileAll(props.allOf), compileAll(props.anyOf), compileAll(props.oneOf)];
  const not = props.not === undefined ? undefined : compile(props.not);
  if (allOf === undefined && anyOf === undefined && oneOf === undefined && not === undefined) return undefined;
  return (value, path, _old, errors) => {
    const findings = (check: Check): FieldError[] => {
      const found: FieldError[] = [];
      check(value, path, noOld, found);
      return found;
    };
    const fail = (detail: string) => errors.push(field.invalid('', '', `"${path}" ${detail}`));
    const passes = (checks: readonly Check[]) => checks.filter((check) => findings(check).length === 0).length;
    /** Where nothing fits, what the first alternative has against the value is told too. */
    const nearest = ([first]: readonly Check[]) => first?.(value, path, noOld, errors);
    if (anyOf !== undefined && passes(anyOf) === 0) {
      fail('must validate at least one schema (anyOf)');
      nearest(anyOf);
    }
    if (oneOf !== undefined) {
      const count = passes(oneOf);
      const seen = count === 0 ? 'Found none valid' : `Found ${count} valid alternatives`;
      if (count !== 1) fail(`must validate one and only one schema (oneOf). ${seen}`);
      if (count === 0) nearest(oneOf);
    }
    if (allOf !== undefined) {
      const before = errors.length;
      for (const check of allOf) errors.push(...findings(check));
      if (errors.length > before)
        fail(`must validate all the schemas (allOf)${passes(allOf) === 0 ? '. None validated' : ''}`);
    }
    if (not !== undefined && findings(not).length === 0) fail('must not validate the schema (not)');
  };
}
