import { isObject } from '../json/index.ts';
import type { ListSchema, ScalarSchema, Schema } from '../schema/schema.ts';
import { goValue } from '../patch/go-value.ts';
import { itemElement, pathText } from './path-element.ts';

/** Why an applied configuration does not fit its schema, as structured-merge-diff says it; empty where it does. */
export function configurationProblems(value: unknown, schema: Schema): readonly string[] {
  const problems: string[] = [];
  check(value, schema, '', problems);
  return problems;
}

/** All problems as one text. */
export function problemsText(problems: readonly string[]): string {
  return problems.length === 1
    ? (problems[0] as string)
    : ['errors:', ...problems.map((text) => `  ${text}`)].join('\n');
}

function check(value: unknown, schema: Schema, path: string, problems: string[]): void {
  if (value === null || value === undefined || schema.type === 'any') return;
  if (schema.type === 'scalar') {
    const expected = expectedScalar(schema, value);
    if (expected !== undefined) problems.push(at(path, `expected ${expected}, got ${found(expected, value)}`));
  } else if (schema.type === 'list') {
    if (Array.isArray(value)) checkItems(value, schema, path, problems);
    else problems.push(at(path, `expected list, got &{${goValue(value)}}`));
  } else if (isObject(value)) {
    checkFields(value, schema, path, problems);
  } else {
    problems.push(at(path, `expected map, got &{${goValue(value)}}`));
  }
}

/** A value of the wrong type as Go prints it: its type, its syntax, or just itself. */
function found(expected: string, value: unknown): string {
  if (expected === 'string') return `&value.valueUnstructured{Value:${goSyntax(value)}}`;
  return expected === 'boolean' || expected === 'any scalar' ? `&{${goValue(value)}}` : goType(value);
}

function goType(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return 'map[string]interface {}';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** `%#v` of what JSON holds. */
function goSyntax(value: unknown): string {
  if (value === null) return 'interface {}(nil)';
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (!isObject(value)) return typeof value === 'string' ? JSON.stringify(value) : String(value);
  const fields = Object.keys(value).sort();
  return `map[string]interface {}{${fields.map((name) => `${JSON.stringify(name)}:${goSyntax(value[name])}`).join(', ')}}`;
}

function at(path: string, text: string): string {
  return path === '' ? text : `${path}: ${text}`;
}

function checkFields(value: Record<string, unknown>, schema: Schema, path: string, problems: string[]): void {
  for (const name in value) {
    const childPath = `${path}.${name}`;
    if (schema.type === 'map') {
      check(value[name], schema.values, childPath, problems);
    } else if (schema.type === 'object') {
      const field = schema.fields.get(name);
      if (field !== undefined) check(value[name], field.schema, childPath, problems);
      else if (!isOpen(schema, name)) problems.push(at(childPath, 'field not declared in schema'));
    }
  }
}

const impliedFields: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

function isOpen(schema: Extract<Schema, { type: 'object' }>, name: string): boolean {
  return schema.preserveUnknownFields === true || (schema.builtin !== true && impliedFields.has(name));
}

function checkItems(list: readonly unknown[], schema: ListSchema, path: string, problems: string[]): void {
  const seen = new Set<string>();
  for (const [index, item] of list.entries()) {
    let step = `[${index}]`;
    if (schema.listType !== 'atomic') {
      const element = itemElement(item, schema);
      if (element === undefined) {
        problems.push(at(path, `element ${index}: ${elementProblem(item, schema)}`));
        return;
      }
      step = pathText([element]);
      if (seen.has(element)) problems.push(at(path, `duplicate entries for key ${step}`));
      seen.add(element);
    }
    check(item, schema.items, path + step, problems);
  }
}

function elementProblem(item: unknown, schema: ListSchema): string {
  if (schema.listType === 'set') {
    if (item === null) return "associative list without keys has an element that's an explicit null";
    if (Array.isArray(item)) return 'not supported: associative list with lists as elements';
    return "associative list without keys has an element that's a map type";
  }
  if (item === null) return 'associative list with keys may not have a null element';
  if (!isObject(item)) return 'associative list with keys may not have non-map elements';
  const keys = `[${(schema.mapKeys ?? []).map((key) => JSON.stringify(key)).join(' ')}]`;
  const why = "(and doesn't have default values for any key fields)";
  return `associative list with keys has an element that omits all key fields ${keys} ${why}`;
}

function expectedScalar({ scalar }: ScalarSchema, value: unknown): string | undefined {
  const type = typeof value;
  switch (scalar) {
    case 'string':
    case 'bytes':
    case 'duration':
      return type === 'string' ? undefined : 'string';
    case 'boolean':
      return type === 'boolean' ? undefined : 'boolean';
    case 'int32':
    case 'int64':
    case 'double':
      return type === 'number' || type === 'bigint' ? undefined : 'numeric (int or float)';
  }
  return type === 'object' ? 'any scalar' : undefined;
}
