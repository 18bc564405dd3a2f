import type { Schema } from '../schema/index.ts';
import { CelError, describeAt } from './cel-error.ts';
import { globalFunctions, type GlobalFunction, namespacedFunctions } from './functions.ts';
import { callMember, memberNames } from './members.ts';
import { applyBinary, negate } from './operators.ts';
import { type Expression, parse } from './parse.ts';
import { compileMacro } from './macros.ts';
import type { Frame, Node, Scope } from './program.ts';
import {
  CelOptional,
  CelType,
  CelUint,
  celTypeOf,
  type CelValue,
  elementsOf,
  entriesOf,
  fromJson,
  isList,
  isMap,
  isNumeric,
  lookUp,
  noValue,
} from './values.ts';
import type { RegexCompiler } from './regex.ts';

export interface CelEnvironment {
  /** Variables by name, with what is known of their shape: a field that a schema does not have is a compile error. */
  readonly variables: Readonly<Record<string, Schema | undefined>>;
  /** Regular expressions without backtracking, as RE2 has them. */
  readonly regex: RegexCompiler;
  /** Steps an evaluation may take. Default one million. */
  readonly stepsMax?: number;
}

export interface CelProgram {
  /** Throws CelError where the expression has no value. Values are plain JSON or CelObject. */
  evaluate(variables: Readonly<Record<string, unknown>>): CelValue;
}

const stepsDefault = 1_000_000;
const typeNames: ReadonlySet<string> = new Set([
  'int',
  'uint',
  'double',
  'bool',
  'string',
  'bytes',
  'list',
  'map',
  'null_type',
  'type',
]);

/** Throws CelError whose message shows the place, as cel-go prints it. */
export function compile(source: string, environment: CelEnvironment): CelProgram {
  let node: Node;
  try {
    const scope: Scope = { variables: new Map(Object.entries(environment.variables)), parent: undefined };
    node = compileNode(parse(source), scope, environment);
  } catch (error) {
    if (!(error instanceof CelError) || error.offset === undefined) throw error;
    throw new CelError(describeAt(source, error), error.offset);
  }
  const stepsMax = environment.stepsMax ?? stepsDefault;
  return {
    evaluate: (variables) => node.evaluate({ variables, locals: undefined, budget: { stepsLeft: stepsMax } }),
  };
}

/** Makes an expression a function. Every node counts one step against the budget each time it runs. */
export function compileNode(expression: Expression, scope: Scope, environment: CelEnvironment): Node {
  const node = compileOf(expression, scope, environment);
  const { evaluate } = node;
  return {
    ...node,
    evaluate(frame) {
      if (--frame.budget.stepsLeft < 0) throw new CelError('operation cancelled: actual cost limit exceeded');
      return evaluate(frame);
    },
  };
}

function compileOf(expression: Expression, scope: Scope, environment: CelEnvironment): Node {
  const inner = (each: Expression) => compileNode(each, scope, environment);
  switch (expression.type) {
    case 'literal':
      return literal(expression.value);
    case 'identifier':
      return identifier(expression, scope);
    case 'select':
      return select(inner(expression.target), expression.field, expression.optional, expression.offset);
    case 'index':
      return index(inner(expression.target), inner(expression.index), expression.optional);
    case 'call':
      return call(expression, scope, environment);
    case 'list':
      return list(expression.elements.map(({ value, optional }) => ({ node: inner(value), optional })));
    case 'map':
      return map(
        expression.entries.map(({ key, value, optional }) => ({ key: inner(key), value: inner(value), optional })),
      );
    case 'unary': {
      const operand = inner(expression.operand);
      if (expression.operator === '-') return { evaluate: (frame) => negate(operand.evaluate(frame)) };
      return { evaluate: (frame) => !boolOf(operand.evaluate(frame)) };
    }
    case 'binary':
      return binary(expression.operator, inner(expression.left), inner(expression.right));
    case 'conditional': {
      const [condition, consequent, otherwise] = [
        expression.condition,
        expression.consequent,
        expression.otherwise,
      ].map(inner) as [Node, Node, Node];
      return { evaluate: (frame) => (boolOf(condition.evaluate(frame)) ? consequent : otherwise).evaluate(frame) };
    }
  }
}

type LiteralExpression = Extract<Expression, { type: 'literal' }>;

function literal(value: LiteralExpression['value']): Node {
  const constant: CelValue =
    value.kind === 'null' ? null : value.kind === 'uint' ? new CelUint(value.value) : value.value;
  return { evaluate: () => constant };
}

function identifier({ name, offset }: Extract<Expression, { type: 'identifier' }>, scope: Scope): Node {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    if (!at.variables.has(name)) continue;
    const schema = at.variables.get(name);
    const known = schema === undefined ? {} : { schema };
    if (at.parent !== undefined) return { ...known, evaluate: (frame) => localValue(frame, name) };
    return { ...known, evaluate: (frame) => variableValue(frame, name) };
  }
  if (typeNames.has(name)) {
    const type = new CelType(name);
    return { evaluate: () => type };
  }
  throw new CelError(`undeclared reference to '${name}' (in container '')`, offset);
}

function localValue({ locals }: Frame, name: string): CelValue {
  for (let at = locals; at !== undefined; at = at.parent) if (at.name === name) return at.value;
  throw new CelError(`no such attribute(s): ${name}`);
}

function variableValue({ variables }: Frame, name: string): CelValue {
  if (!Object.hasOwn(variables, name)) throw new CelError(`no such attribute(s): ${name}`);
  return fromJson(variables[name]);
}

function select(target: Node, field: string, optional: boolean, offset: number): Node {
  const schema = fieldSchema(target.schema, field, offset);
  const known = schema === undefined ? {} : { schema };
  if (optional) return { ...known, evaluate: (frame) => lookUpOptional(target.evaluate(frame), field) };
  return {
    ...known,
    evaluate(frame) {
      const value = target.evaluate(frame);
      if (value instanceof CelOptional) return lookUpOptional(value, field);
      if (!isMap(value)) throw new CelError(value === null ? `no such key: ${field}` : `no such overload`);
      const found = lookUp(value, field);
      if (found === undefined) throw new CelError(`no such key: ${field}`);
      return found;
    },
  };
}

/** What is known of a field. Throws where it is known that there is none. */
function fieldSchema(schema: Schema | undefined, field: string, offset: number): Schema | undefined {
  switch (schema?.type) {
    case 'object': {
      const found = schema.fields.get(field);
      if (found !== undefined) return found.schema;
      if (schema.preserveUnknownFields || schema.embeddedResource) return undefined;
      throw new CelError(`undefined field '${field}'`, offset);
    }
    case 'map':
      return schema.values;
    case 'list':
    case 'scalar':
      if (schema.type === 'scalar' && schema.scalar === 'int-or-string') return undefined;
      throw new CelError(
        `type '${schema.type === 'list' ? 'list' : schema.scalar}' does not support field selection`,
        offset,
      );
    default:
      return undefined;
  }
}

function lookUpOptional(target: CelValue, key: CelValue): CelValue {
  const value = target instanceof CelOptional ? target.value : target;
  if (value === undefined) return noValue;
  const found = isList(value) ? elementAt(value, key) : lookUp(value, key);
  return found === undefined ? noValue : new CelOptional(found);
}

function elementAt(value: readonly CelValue[], key: CelValue): CelValue | undefined {
  if (!isNumeric(key)) throw new CelError(`unsupported index type '${celTypeOf(key)}' in list`);
  const position = Number(key instanceof CelUint ? key.value : key);
  return Number.isInteger(position) && position >= 0 && position < value.length ? fromJson(value[position]) : undefined;
}

function index(target: Node, key: Node, optional: boolean): Node {
  const { schema } = target;
  const inner = schema?.type === 'list' ? schema.items : schema?.type === 'map' ? schema.values : undefined;
  const known = inner === undefined ? {} : { schema: inner };
  return {
    ...known,
    evaluate(frame) {
      const value = target.evaluate(frame);
      const at = key.evaluate(frame);
      if (optional || value instanceof CelOptional) return lookUpOptional(value, at);
      if (isList(value)) {
        const found = elementAt(value, at);
        if (found === undefined) throw new CelError(`index out of bounds: ${printKey(at)}`);
        return found;
      }
      if (!isMap(value)) throw new CelError('no such overload');
      const found = lookUp(value, at);
      if (found === undefined) throw new CelError(`no such key: ${printKey(at)}`);
      return found;
    },
  };
}

function printKey(key: CelValue): string {
  return key instanceof CelUint ? String(key.value) : String(key);
}

function list(elements: readonly { readonly node: Node; readonly optional: boolean }[]): Node {
  return {
    evaluate(frame) {
      const values: CelValue[] = [];
      for (const { node, optional } of elements) {
        const value = node.evaluate(frame);
        if (!optional) values.push(value);
        else if (value instanceof CelOptional && value.value !== undefined) values.push(value.value);
      }
      return values;
    },
  };
}

function map(entries: readonly { readonly key: Node; readonly value: Node; readonly optional: boolean }[]): Node {
  return {
    evaluate(frame) {
      const result = new Map<CelValue, CelValue>();
      for (const { key, value, optional } of entries) {
        const [name, held] = [key.evaluate(frame), value.evaluate(frame)];
        if (!optional) {
          if (lookUp(result, name) !== undefined) throw new CelError('insert failed: key already exists');
          result.set(name, held);
        } else if (held instanceof CelOptional && held.value !== undefined) result.set(name, held.value);
      }
      return result;
    },
  };
}

function binary(operator: string, left: Node, right: Node): Node {
  if (operator === '&&') return logical(left, right, false);
  if (operator === '||') return logical(left, right, true);
  return { evaluate: (frame) => applyBinary(operator, left.evaluate(frame), right.evaluate(frame)) };
}

/** One side that decides is enough, whatever is wrong with the other. */
function logical(left: Node, right: Node, deciding: boolean): Node {
  return {
    evaluate(frame) {
      let failure: unknown;
      try {
        if (boolOf(left.evaluate(frame)) === deciding) return deciding;
      } catch (error) {
        failure = error;
      }
      if (boolOf(right.evaluate(frame)) === deciding) return deciding;
      if (failure !== undefined) throw failure;
      return !deciding;
    },
  };
}

export function boolOf(value: CelValue): boolean {
  if (typeof value !== 'boolean') throw new CelError('no such overload');
  return value;
}

type CallExpression = Extract<Expression, { type: 'call' }>;

function call(expression: CallExpression, scope: Scope, environment: CelEnvironment): Node {
  const macro = compileMacro(expression, scope, environment);
  if (macro !== undefined) return macro;
  const { target, name, args, offset } = expression;
  const nodes = args.map((each) => compileNode(each, scope, environment));
  const named = target?.type === 'identifier' && !isDeclared(scope, target.name) ? `${target.name}.${name}` : undefined;
  const namespaced = named === undefined ? undefined : namespacedFunctions[named];
  if (namespaced !== undefined) return callGlobal(namespaced, nodes, environment);
  if (target === undefined) {
    const found = globalFunctions[name];
    if (found === undefined) throw new CelError(`undeclared reference to '${name}' (in container '')`, offset);
    return callGlobal(found, nodes, environment);
  }
  const receiver = compileNode(target, scope, environment);
  if (!memberNames.has(name)) throw new CelError(`undeclared reference to '${name}' (in container '')`, offset);
  return {
    evaluate(frame) {
      const value = receiver.evaluate(frame);
      const values = nodes.map((node) => node.evaluate(frame));
      const result = callMember(name, value, values, environment.regex);
      if (result === undefined)
        throw new CelError(`no such overload: ${celTypeOf(value)}.${name}(${values.map(celTypeOf).join(', ')})`);
      return result;
    },
  };
}

function callGlobal(found: GlobalFunction, nodes: readonly Node[], environment: CelEnvironment): Node {
  return {
    evaluate(frame) {
      const values = nodes.map((node) => node.evaluate(frame));
      const result = found(values, environment.regex);
      if (result === undefined) throw new CelError(`no such overload: (${values.map(celTypeOf).join(', ')})`);
      return result;
    },
  };
}

function isDeclared(scope: Scope, name: string): boolean {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) if (at.variables.has(name)) return true;
  return false;
}

/** What a comprehension goes through: elements of a list, or keys and values of a map. */
export function pairsOf(value: CelValue): { readonly key: CelValue; readonly value: CelValue }[] {
  if (isList(value)) return elementsOf(value).map((item, position) => ({ key: BigInt(position), value: item }));
  if (isMap(value)) return entriesOf(value).map(([key, held]) => ({ key, value: held }));
  throw new CelError('no such overload');
}
