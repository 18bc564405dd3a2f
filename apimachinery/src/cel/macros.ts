import type { Schema } from '../schema/index.ts';
import { CelError } from './cel-error.ts';
import { boolOf, type CelEnvironment, compileNode, pairsOf } from './compile.ts';
import type { Expression } from './parse.ts';
import { type Frame, type Node, type Scope, withLocal } from './program.ts';
import { CelOptional, type CelValue, isList, isMap, lookUp, noValue } from './values.ts';

type CallExpression = Extract<Expression, { type: 'call' }>;

/** One round of a comprehension: the frame with its variables, and the element. */
interface Round {
  readonly frame: Frame;
  readonly key: CelValue;
  readonly value: CelValue;
}

/** Calls that are shapes of their own: `has`, comprehensions, `cel.bind`. Undefined for an ordinary call. */
export function compileMacro(expression: CallExpression, scope: Scope, environment: CelEnvironment): Node | undefined {
  const { target, name, args } = expression;
  if (target === undefined)
    return name === 'has' && args.length === 1 ? has(args[0] as Expression, scope, environment) : undefined;
  if (target.type === 'identifier' && target.name === 'cel' && name === 'bind') return bind(args, scope, environment);
  if (name === 'optMap' || name === 'optFlatMap') return optional(expression, scope, environment);
  return comprehension(expression, scope, environment);
}

function has(argument: Expression, scope: Scope, environment: CelEnvironment): Node {
  if (argument.type !== 'select') throw new CelError('invalid argument to has() macro', argument.offset);
  // Compiled for what it checks: a field that cannot be there is an error, as in any other place.
  compileNode(argument, scope, environment);
  const target = compileNode(argument.target, scope, environment);
  return {
    evaluate(frame) {
      const held = target.evaluate(frame);
      const value = held instanceof CelOptional ? held.value : held;
      if (value === undefined || value === null) return false;
      if (!isMap(value)) throw new CelError('no such overload');
      const found = lookUp(value, argument.field);
      return found !== undefined && found !== null;
    },
  };
}

function bind(args: readonly Expression[], scope: Scope, environment: CelEnvironment): Node {
  const [variable, initial, body] = args;
  if (variable?.type !== 'identifier' || initial === undefined || body === undefined) {
    throw new CelError('cel.bind() needs a variable, its value and an expression', variable?.offset ?? 0);
  }
  const value = compileNode(initial, scope, environment);
  const node = compileNode(body, withVariables(scope, [[variable.name, value.schema]]), environment);
  return {
    ...(node.schema === undefined ? {} : { schema: node.schema }),
    evaluate: (frame) => node.evaluate(withLocal(frame, variable.name, value.evaluate(frame))),
  };
}

function optional({ target, name, args, offset }: CallExpression, scope: Scope, environment: CelEnvironment): Node {
  const [variable, body] = args;
  if (variable?.type !== 'identifier' || body === undefined)
    throw new CelError(`${name}() variable name must be a simple identifier`, offset);
  const held = compileNode(target as Expression, scope, environment);
  const node = compileNode(body, withVariables(scope, [[variable.name, held.schema]]), environment);
  return {
    evaluate(frame) {
      const value = held.evaluate(frame);
      if (!(value instanceof CelOptional)) throw new CelError('no such overload');
      if (value.value === undefined) return noValue;
      const result = node.evaluate(withLocal(frame, variable.name, value.value));
      return name === 'optMap' ? new CelOptional(result) : result;
    },
  };
}

function withVariables(scope: Scope, variables: readonly (readonly [string, Schema | undefined])[]): Scope {
  return { variables: new Map(variables), parent: scope };
}

/** The expressions of a comprehension: with two of them the first selects. */
interface Body {
  readonly filter: ((round: Round) => CelValue) | undefined;
  readonly result: (round: Round) => CelValue;
}

type Reducer = (rounds: Iterable<Round>, body: Body) => CelValue;

/** By name, how many expressions follow the variables. */
const bodies: Readonly<Record<string, readonly number[]>> = {
  all: [1],
  exists: [1],
  exists_one: [1],
  existsOne: [1],
  filter: [1],
  map: [1, 2],
  transformList: [1, 2],
  transformMap: [1, 2],
  transformMapEntry: [1, 2],
};
const twoVariablesOnly: ReadonlySet<string> = new Set(['transformList', 'transformMap', 'transformMapEntry']);

function comprehension(
  { target, name, args }: CallExpression,
  scope: Scope,
  environment: CelEnvironment,
): Node | undefined {
  const counts = bodies[name];
  if (counts === undefined) return undefined;
  const [first, second] = args;
  const two =
    second?.type === 'identifier' &&
    counts.includes(args.length - 2) &&
    (twoVariablesOnly.has(name) || args.length === 3) &&
    name !== 'map';
  const variables = two ? [first, second] : [first];
  if (variables.some((variable) => variable?.type !== 'identifier')) {
    throw new CelError('argument must be a simple name', first?.offset ?? 0);
  }
  const names = variables.map((variable) => (variable as Extract<Expression, { type: 'identifier' }>).name);
  const range = compileNode(target as Expression, scope, environment);
  const inner = withVariables(scope, schemasOf(range.schema, names));
  const nodes = args.slice(names.length).map((each) => compileNode(each, inner, environment));
  if (!counts.includes(nodes.length))
    throw new CelError(`${name}() has the wrong number of arguments`, first?.offset ?? 0);
  const reduce = reducers[name] as Reducer;
  const [selecting] = nodes.length > 1 ? nodes : [];
  const yielding = nodes.at(-1) as Node;
  const body: Body = {
    filter: selecting && ((round) => selecting.evaluate(round.frame)),
    result: (round) => yielding.evaluate(round.frame),
  };
  return {
    evaluate(frame) {
      const value = range.evaluate(frame);
      const rounds = pairsOf(value).map((pair) => ({ ...pair, frame: frameOf(frame, names, pair, isList(value)) }));
      return reduce(rounds, body);
    },
  };
}

/** One variable is the element of a list or the key of a map; two are index or key, and value. */
function schemasOf(schema: Schema | undefined, names: readonly string[]): [string, Schema | undefined][] {
  const inner = schema?.type === 'list' ? schema.items : schema?.type === 'map' ? schema.values : undefined;
  const [first = '', second] = names;
  if (second !== undefined)
    return [
      [first, undefined],
      [second, inner],
    ];
  return [[first, schema?.type === 'list' ? inner : undefined]];
}

function frameOf(
  frame: Frame,
  [first = '', second]: readonly string[],
  pair: { key: CelValue; value: CelValue },
  list: boolean,
): Frame {
  if (second !== undefined) return withLocal(withLocal(frame, first, pair.key), second, pair.value);
  return withLocal(frame, first, list ? pair.value : pair.key);
}

/** Every element counts; an error counts only where no other element decides. */
function decide(rounds: Iterable<Round>, test: (round: Round) => CelValue, deciding: boolean): boolean {
  let failure: unknown;
  for (const round of rounds) {
    try {
      if (boolOf(test(round)) === deciding) return deciding;
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  return !deciding;
}

function existsOne(rounds: Iterable<Round>, test: (round: Round) => CelValue): boolean {
  let count = 0;
  for (const round of rounds) if (boolOf(test(round))) count++;
  return count === 1;
}

function* selected(rounds: Iterable<Round>, { filter }: Body): Iterable<Round> {
  for (const round of rounds) if (filter === undefined || boolOf(filter(round))) yield round;
}

const reducers: Readonly<Record<string, Reducer>> = {
  all: (rounds, { result }) => decide(rounds, result, false),
  exists: (rounds, { result }) => decide(rounds, result, true),
  exists_one: (rounds, { result }) => existsOne(rounds, result),
  existsOne: (rounds, { result }) => existsOne(rounds, result),
  filter: (rounds, { result }) => {
    const kept: CelValue[] = [];
    for (const round of rounds) if (boolOf(result(round))) kept.push(round.frame.locals?.value as CelValue);
    return kept;
  },
  map: (rounds, body) => [...selected(rounds, body)].map(body.result),
  transformList: (rounds, body) => [...selected(rounds, body)].map(body.result),
  transformMap(rounds, body) {
    const result = new Map<CelValue, CelValue>();
    for (const round of selected(rounds, body)) result.set(round.key, body.result(round));
    return result;
  },
  transformMapEntry(rounds, body) {
    const result = new Map<CelValue, CelValue>();
    for (const round of selected(rounds, body)) {
      const entries = body.result(round);
      if (!isMap(entries)) throw new CelError('no such overload');
      for (const { key, value } of pairsOf(entries)) result.set(key, value);
    }
    return result;
  },
};
