import {
  accumulatorName,
  type CallExpression,
  type ComprehensionExpression,
  type Expression,
  type ListExpression,
  type MapExpression,
  type StructExpression,
} from './ast.ts';
import { callCost } from './call-cost.ts';
import { CelCostError, CelError } from './cel-error.ts';
import type { Checked } from './check.ts';
import type { CelEnvironment } from './environment.ts';
import { typeValue } from './declarations.ts';
import { callFunction } from './library/index.ts';
import { lookUpOptional, selectField, valueAt } from './selection.ts';
import {
  CelList,
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
  lookUp,
} from './values.ts';

/** An expression made a function. */
export interface Node {
  readonly evaluate: (frame: Frame) => CelValue;
  /** The value where it is known beforehand; evaluating it is free. */
  readonly constant?: CelValue;
  /**
   * Names, what is selected of them, and conditionals: evaluated without what the name itself costs, as a branch of a
   * conditional and a base to select from are (cel-go's attributes, interpreter/runtimecost.go).
   */
  readonly resolve?: (frame: Frame) => CelValue;
  readonly baseCost?: number;
}

/** One evaluation. */
export interface Frame {
  readonly variables: Readonly<Record<string, unknown>>;
  readonly locals: Local | undefined;
  readonly budget: Budget;
}

interface Local {
  readonly name: string;
  value: CelValue;
  /** Why there is no value. */
  failure?: unknown;
  readonly parent: Local | undefined;
}

export interface Budget {
  cost: number;
  readonly costMax: number;
}

export function charge(budget: Budget, cost: number): void {
  budget.cost += cost;
  if (budget.cost > budget.costMax) throw new CelCostError();
}

const listCost = 10;
const mapCost = 30;
const structCost = 40;

/** Functions whose result is computed beforehand where the argument is a literal. */
const conversions: ReadonlySet<string> = new Set(
  'bool bytes double duration dyn int string timestamp type uint'.split(' '),
);

/** Makes a checked expression a function. */
export function plan(checked: Checked, environment: CelEnvironment): Node {
  return new Planner(checked, environment).plan(checked.expression);
}

class Planner {
  readonly #checked: Checked;
  readonly #environment: CelEnvironment;
  readonly #locals: string[] = [];

  constructor(checked: Checked, environment: CelEnvironment) {
    this.#checked = checked;
    this.#environment = environment;
  }

  plan(expression: Expression): Node {
    switch (expression.type) {
      case 'literal': {
        const { kind, value } = expression.value;
        return constant(kind === 'uint' ? new CelUint(value) : value);
      }
      case 'identifier':
        return this.#identifier(expression.name);
      case 'select':
        return expression.testOnly
          ? presence(this.plan(expression.operand), this.#jsonName(expression))
          : this.#select(expression);
      case 'call':
        return this.#call(expression);
      case 'list':
        return list(
          expression.elements.map((each) => this.plan(each)),
          expression.optional,
        );
      case 'map':
        return this.#map(expression);
      case 'struct':
        return this.#struct(expression);
      case 'comprehension':
        return this.#comprehension(expression);
    }
  }

  #identifier(name: string): Node {
    if (this.#locals.includes(name)) return attribute((frame) => localValue(frame, name));
    if (Object.hasOwn(this.#environment.variables, name)) return attribute((frame) => variableValue(frame, name));
    return constant(new CelType(typeValue(name)?.name ?? name));
  }

  #jsonName({ operand, field }: Extract<Expression, { type: 'select' }>): string {
    return this.#checked.types.get(operand.id)?.fields?.get(field)?.jsonName ?? field;
  }

  #select(expression: Extract<Expression, { type: 'select' }>): Node {
    const name = this.#jsonName(expression);
    return qualified(this.plan(expression.operand), (value, frame) => {
      if (value instanceof CelOptional) return chargeFound(frame, lookUpOptional(value, name));
      charge(frame.budget, 1);
      return selectField(value, name);
    });
  }

  #call(expression: CallExpression): Node {
    const given = expression.target === undefined ? expression.args : [expression.target, ...expression.args];
    const args = given.map((arg) => this.plan(arg));
    const [first, second, third] = args as [Node, Node, Node];
    switch (expression.name) {
      case '_&&_':
        return logical(first, second, false);
      case '_||_':
        return logical(first, second, true);
      case '_?_:_':
        return conditional(first, second, third);
      case '_[_]':
        return index(first, second);
      case '_?._':
      case '_[?_]':
        return optionalIndex(first, second);
      case '@not_strictly_false':
        return notStrictlyFalse(first);
      case 'or':
      case 'orValue':
        return alternative(expression.name, first, second);
      default:
        return this.#function(expression, args);
    }
  }

  #function(call: CallExpression, args: readonly Node[]): Node {
    const { id, name } = call;
    if (isAppend(call)) return append(args as [Node, Node], call.args[1] as ListExpression, (each) => this.plan(each));
    const ids = this.#checked.overloads.get(id) ?? [];
    const overload = ids.length === 1 ? (ids[0] as string) : '';
    const { regex } = this.#environment;
    const evaluate = (frame: Frame): CelValue => {
      const values = evaluateAll(args, frame, (given) => charge(frame.budget, callCost(name, overload, given, null)));
      let result: CelValue = null;
      try {
        result = callFunction(name, values, regex);
      } finally {
        charge(frame.budget, callCost(name, overload, values, result));
      }
      return result;
    };
    const [only] = args;
    if (args.length === 1 && only?.constant !== undefined && conversions.has(name)) {
      return constant(callFunction(name, [only.constant], regex));
    }
    const container = args[1]?.constant;
    if (overload === 'in_list' && container !== undefined && isList(container)) return membership(args, container);
    return { evaluate };
  }

  #map({ entries }: MapExpression): Node {
    const planned = entries.map(({ key, value, optional }) => ({
      key: this.plan(key),
      value: this.plan(value),
      optional,
    }));
    const make = (frame: Frame): CelValue => {
      const result = new Map<CelValue, CelValue>();
      for (const { key, value, optional } of planned) {
        const [name, held] = [key.evaluate(frame), value.evaluate(frame)];
        checkKey(name);
        const given = optional ? optionalEntry(held, name) : held;
        if (given !== undefined) result.set(name, given);
      }
      return result;
    };
    const isConstant = planned.every(({ key, value, optional }) => !optional && isFixed(key) && isFixed(value));
    if (isConstant) return constant(make(noFrame));
    return {
      evaluate(frame) {
        const made = make(frame);
        charge(frame.budget, mapCost);
        return made;
      },
    };
  }

  #struct({ name, fields }: StructExpression): Node {
    const struct = this.#environment.structs?.(name);
    const planned = fields.map((field) => ({ ...field, value: this.plan(field.value) }));
    return {
      evaluate(frame) {
        const values = new Map<string, CelValue>();
        for (const { name: field, value, optional } of planned) {
          const held = value.evaluate(frame);
          const given = optional ? optionalEntry(held, field) : held;
          if (given !== undefined) values.set(field, given);
        }
        charge(frame.budget, structCost);
        return (struct?.make(values) ?? values) as CelValue;
      },
    };
  }

  #comprehension(expression: ComprehensionExpression): Node {
    const { variable, variable2, accumulator } = expression;
    const range = this.plan(expression.range);
    const init = this.plan(expression.init);
    this.#locals.push(accumulator);
    const depth = this.#locals.length;
    this.#locals.push(variable, ...(variable2 === undefined ? [] : [variable2]));
    const condition = this.plan(expression.condition);
    const step = this.plan(expression.step);
    this.#locals.length = depth;
    const result = this.plan(expression.result);
    this.#locals.pop();
    const loop: Loop = { variable, variable2, condition, step };
    return {
      evaluate(frame) {
        const elements = range.evaluate(frame);
        const state: Local = { name: accumulator, value: null, parent: frame.locals };
        const inner: Frame = { variables: frame.variables, budget: frame.budget, locals: state };
        state.value = init.evaluate(frame);
        if (Array.isArray(state.value) && state.value.length === 0) state.value = new CelList();
        else if (state.value instanceof Map && state.value.size === 0) state.value = new Map();
        iterate(loop, elements, inner, state);
        return result.evaluate(inner);
      },
    };
  }
}

interface Loop {
  readonly variable: string;
  readonly variable2: string | undefined;
  readonly condition: Node;
  readonly step: Node;
}

/** The arguments of a call. Where one has no value the others are evaluated all the same, and the call costs what it costs. */
function evaluateAll(args: readonly Node[], frame: Frame, failed: (values: readonly CelValue[]) => void): CelValue[] {
  const failures: unknown[] = [];
  const values = args.map((arg) => {
    try {
      return arg.evaluate(frame);
    } catch (error) {
      if (!(error instanceof CelError) || error instanceof CelCostError) throw error;
      failures.push(error);
      return null;
    }
  });
  if (failures.length === 0) return values;
  failed(values);
  throw failures[0];
}

/** Errors of steps are kept in the accumulator: a later element may decide all the same. */
function iterate({ variable, variable2, condition, step }: Loop, range: CelValue, inner: Frame, state: Local): void {
  const element: Local = { name: variable, value: null, parent: state };
  const second: Local = { name: variable2 ?? '', value: null, parent: element };
  const locals = variable2 === undefined ? element : second;
  const frame: Frame = { variables: inner.variables, budget: inner.budget, locals };
  for (const [key, value] of pairsOf(range, variable2 !== undefined)) {
    element.value = variable2 === undefined ? value : key;
    second.value = value;
    if (condition.evaluate(frame) !== true) return;
    try {
      state.value = step.evaluate(frame);
      delete state.failure;
    } catch (error) {
      if (error instanceof CelCostError) throw error;
      state.failure = error;
    }
  }
}

/** `@result + [x]`: the step of map() and filter(). */
function isAppend({ name, args }: CallExpression): boolean {
  const [first, second] = args;
  const isAccumulator = first?.type === 'identifier' && first.name === accumulatorName;
  return name === '_+_' && isAccumulator && second?.type === 'list' && second.optional.size === 0;
}

/** Adds to the accumulator in place; nobody else has seen it. */
function append(
  [target, addition]: [Node, Node],
  { elements }: ListExpression,
  planOf: (each: Expression) => Node,
): Node {
  const added = elements.map(planOf);
  const cost = addition.constant === undefined ? listCost + 1 : 1;
  return {
    evaluate(frame) {
      const charged = () => charge(frame.budget, cost);
      const [accumulated, ...values] = evaluateAll([target, ...added], frame, charged);
      charged();
      for (const value of values) (accumulated as CelList).push(value);
      return accumulated as CelValue;
    },
  };
}

/** What a comprehension goes through: elements of a list, or keys of a map; with two variables keys and values. */
function* pairsOf(range: CelValue, withTwo: boolean): Generator<[CelValue, CelValue]> {
  if (isList(range)) {
    const elements = elementsOf(range);
    for (let position = 0; position < elements.length; position++) {
      yield [withTwo ? BigInt(position) : null, elements[position] as CelValue];
    }
  } else if (isMap(range)) {
    for (const [key, value] of entriesOf(range)) yield [key, withTwo ? value : key];
  } else {
    const name = celTypeOf(range);
    throw new CelError(`got 'types.${name[0]?.toUpperCase()}${name.slice(1)}', expected iterable type`);
  }
}

/** Nothing that is constant looks at its frame. */
const noFrame: Frame = { variables: {}, locals: undefined, budget: { cost: 0, costMax: Number.POSITIVE_INFINITY } };

const isFixed = ({ constant: value }: Node): boolean => value !== undefined;

function constant(value: CelValue): Node {
  return { constant: value, evaluate: () => value };
}

function attribute(resolve: (frame: Frame) => CelValue): Node {
  return { resolve, baseCost: 1, evaluate: (frame) => (charge(frame.budget, 1), resolve(frame)) };
}

/** Something of a value. */
function qualified(operand: Node, qualify: (value: CelValue, frame: Frame) => CelValue): Node {
  const base = operand.resolve ?? operand.evaluate;
  const baseCost = operand.baseCost ?? 1;
  const resolve = (frame: Frame) => qualify(base(frame), frame);
  return { resolve, baseCost, evaluate: (frame) => (charge(frame.budget, baseCost), resolve(frame)) };
}

function presence(operand: Node, jsonName: string): Node {
  const base = operand.resolve ?? operand.evaluate;
  const resolve = (frame: Frame): CelValue => {
    const value = base(frame);
    if (value instanceof CelOptional) return chargeFound(frame, lookUpOptional(value, jsonName)).value !== undefined;
    charge(frame.budget, 1);
    return isMap(value) && lookUp(value, jsonName) !== undefined;
  };
  return { resolve, baseCost: 0, evaluate: resolve };
}

/** What an index costs beside the value under it. */
const indexCost = ({ constant: value, resolve }: Node): number =>
  value !== undefined || resolve === undefined ? 1 : 0;

function index(operand: Node, key: Node): Node {
  const cost = indexCost(key);
  return qualified(operand, (value, frame) => {
    const at = key.evaluate(frame);
    if (value instanceof CelOptional) return chargeFound(frame, lookUpOptional(value, at));
    charge(frame.budget, cost);
    return valueAt(value, at);
  });
}

function optionalIndex(operand: Node, key: Node): Node {
  return qualified(operand, (value, frame) => {
    const at = (key.resolve ?? key.evaluate)(frame);
    return chargeFound(frame, lookUpOptional(value, at));
  });
}

/** What is not there costs nothing. */
function chargeFound(frame: Frame, found: CelOptional): CelOptional {
  if (found.value !== undefined) charge(frame.budget, 1);
  return found;
}

function conditional(condition: Node, consequent: Node, otherwise: Node): Node {
  const branch = ({ resolve, evaluate }: Node) => resolve ?? evaluate;
  const [whenTrue, whenFalse] = [branch(consequent), branch(otherwise)];
  const resolve = (frame: Frame) => (boolOf(condition.evaluate(frame)) ? whenTrue : whenFalse)(frame);
  return { resolve, baseCost: 0, evaluate: resolve };
}

function list(elements: readonly Node[], optional: ReadonlySet<number>): Node {
  const make = (frame: Frame): CelValue => {
    const values = new CelList();
    for (const [position, element] of elements.entries()) {
      const value = element.evaluate(frame);
      const given = optional.has(position) ? optionalElement(value) : value;
      if (given !== undefined) values.push(given);
    }
    return values;
  };
  if (optional.size === 0 && elements.every(isFixed)) return constant(make(noFrame));
  return {
    evaluate(frame) {
      const made = make(frame);
      charge(frame.budget, listCost);
      return made;
    },
  };
}

function optionalElement(value: CelValue): CelValue | undefined {
  if (value instanceof CelOptional) return value.value;
  throw new CelError('cannot initialize optional list element from non-optional value');
}

function optionalEntry(value: CelValue, name: CelValue): CelValue | undefined {
  if (value instanceof CelOptional) return value.value;
  throw new CelError(`cannot initialize optional entry '${String(name)}' from non-optional value`);
}

function checkKey(key: CelValue): void {
  if (['string', 'bigint', 'boolean'].includes(typeof key) || key instanceof CelUint) return;
  throw new CelError('unsupported key type');
}

/** One side that decides is enough, whatever is wrong with the other. */
function logical(left: Node, right: Node, deciding: boolean): Node {
  return {
    evaluate(frame) {
      let failure: unknown;
      try {
        if (boolOf(left.evaluate(frame)) === deciding) return deciding;
      } catch (error) {
        if (error instanceof CelCostError) throw error;
        failure = error;
      }
      const value = right.evaluate(frame);
      if (value === deciding) return deciding;
      if (failure !== undefined) throw failure;
      return boolOf(value);
    },
  };
}

/** The condition of all() and exists(): goes on until the accumulator decides. */
function notStrictlyFalse(operand: Node): Node {
  return {
    evaluate(frame) {
      charge(frame.budget, 1);
      try {
        return operand.evaluate(frame) !== false;
      } catch (error) {
        if (error instanceof CelCostError) throw error;
        return true;
      }
    },
  };
}

/** The other value is evaluated only where there is none. */
function alternative(name: string, operand: Node, other: Node): Node {
  return {
    evaluate(frame) {
      const value = operand.evaluate(frame);
      if (!(value instanceof CelOptional)) throw new CelError(`no such overload: ${name}`);
      if (value.value === undefined) return other.evaluate(frame);
      return name === 'or' ? value : value.value;
    },
  };
}

/** Whether a value is among literals: looked up at no cost where each is of a simple type. */
function membership(args: readonly Node[], container: readonly CelValue[]): Node {
  const [element] = args as [Node];
  const values = elementsOf(container);
  const isSimple = values.every((each) => typeof each !== 'object' || each instanceof CelUint);
  if (container.length === 0) return constant(false);
  return {
    evaluate(frame) {
      const value = element.evaluate(frame);
      if (!isSimple) charge(frame.budget, values.length);
      return callFunction('@in', [value, container], () => {
        throw new CelError('no such overload');
      });
    },
  };
}

function localValue({ locals }: Frame, name: string): CelValue {
  let at = locals;
  while (at !== undefined && at.name !== name) at = at.parent;
  if (at === undefined) throw new CelError(`no such attribute(s): ${name}`);
  if (at.failure !== undefined) throw at.failure;
  return at.value;
}

function variableValue({ variables }: Frame, name: string): CelValue {
  if (!Object.hasOwn(variables, name)) throw new CelError(`no such attribute(s): ${name}`);
  return fromJson(variables[name]);
}

export function boolOf(value: CelValue): boolean {
  if (typeof value !== 'boolean') throw new CelError('no such overload');
  return value;
}
