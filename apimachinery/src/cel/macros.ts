import { accumulatorName, type Expression } from './ast.ts';
import type { Nodes } from './nodes.ts';

/** Where a macro stands and how its call was written. */
export interface MacroCall {
  readonly nodes: Nodes;
  /** Of the call: what the expansion adds counts as standing there. */
  readonly offset: number;
  readonly target: Expression | undefined;
  readonly args: readonly Expression[];
  /** `cel.bind()` is a macro too. */
  readonly bindings: boolean;
}

/** Arguments that a macro cannot take. */
export class MacroProblem {
  readonly offset: number;
  readonly message: string;

  constructor(at: Expression, message: string) {
    this.offset = at.offset;
    this.message = message;
  }
}

type Expansion = Expression | MacroProblem;
type Receiver = MacroCall & { readonly target: Expression };

/** What a call of this name stands for; undefined where it is no macro (parser/macro.go, ext/comprehensions.go). */
export function expandMacro(name: string, call: MacroCall): Expansion | undefined {
  const { target, args } = call;
  if (target === undefined) return name === 'has' && args.length === 1 ? has(call) : undefined;
  if (name === 'bind' && args.length === 3 && call.bindings) return bindMacro({ ...call, target });
  return receiverMacros[`${name}:${args.length}`]?.({ ...call, target });
}

function has({ nodes, offset, args }: MacroCall): Expansion {
  const [arg] = args as [Expression];
  if (arg.type !== 'select') return new MacroProblem(arg, 'invalid argument to has() macro');
  return nodes.select(offset, arg.operand, arg.field, true);
}

const receiverMacros: Readonly<Record<string, (call: Receiver) => Expansion>> = {
  'all:2': (call) => quantifier(call, 'all', 1),
  'all:3': (call) => quantifier(call, 'all', 2),
  'exists:2': (call) => quantifier(call, 'exists', 1),
  'exists:3': (call) => quantifier(call, 'exists', 2),
  'exists_one:2': (call) => quantifier(call, 'exists_one', 1),
  'exists_one:3': (call) => quantifier(call, 'exists_one', 2),
  'existsOne:3': (call) => quantifier(call, 'exists_one', 2),
  'map:2': (call) => collect(call, 1, undefined, call.args[1] as Expression),
  'map:3': (call) => collect(call, 1, call.args[1], call.args[2] as Expression),
  'filter:2': (call) => collect(call, 1, call.args[1], call.args[0] as Expression),
  'transformList:3': (call) => collect(call, 2, undefined, call.args[2] as Expression),
  'transformList:4': (call) => collect(call, 2, call.args[2], call.args[3] as Expression),
  'transformMap:3': (call) => insert(call, undefined, [call.args[0] as Expression, call.args[2] as Expression]),
  'transformMap:4': (call) => insert(call, call.args[2], [call.args[0] as Expression, call.args[3] as Expression]),
  'transformMapEntry:3': (call) => insert(call, undefined, [call.args[2] as Expression]),
  'transformMapEntry:4': (call) => insert(call, call.args[2], [call.args[3] as Expression]),
  'optMap:2': (call) => ofOptional(call, 'optMap', (value) => call.nodes.call(call.offset, 'optional.of', [value])),
  'optFlatMap:2': (call) => ofOptional(call, 'optFlatMap', (value) => value),
  'sortBy:2': sortBy,
};

interface Variables {
  readonly variable: string;
  readonly variable2: string | undefined;
}

function variablesOf({ args }: Receiver, count: 1 | 2, wrong: string): Variables | MacroProblem {
  const names: string[] = [];
  for (const arg of args.slice(0, count)) {
    if (arg.type !== 'identifier') return new MacroProblem(arg, wrong);
    names.push(arg.name);
  }
  const [variable, variable2] = names as [string, string | undefined];
  if (variable === variable2) return new MacroProblem(args[1] as Expression, `duplicate variable name: ${variable}`);
  for (const [index, name] of names.entries()) {
    if (name === accumulatorName || name === '__result__')
      return new MacroProblem(args[index] as Expression, 'iteration variable overwrites accumulator variable');
  }
  return { variable, variable2 };
}

function quantifier(call: Receiver, kind: 'all' | 'exists' | 'exists_one', count: 1 | 2): Expansion {
  const { nodes, offset, target, args } = call;
  const variables = variablesOf(call, count, 'argument must be a simple name');
  if (variables instanceof MacroProblem) return variables;
  const predicate = args[count] as Expression;
  const common = { range: target, ...variables, accumulator: accumulatorName };
  const accumulator = () => nodes.accumulator(offset);
  if (kind === 'exists_one') {
    const one = () => nodes.literal(offset, { kind: 'int', value: 1n });
    const added = nodes.call(offset, '_+_', [accumulator(), one()]);
    return nodes.comprehension(offset, {
      ...common,
      init: nodes.literal(offset, { kind: 'int', value: 0n }),
      condition: nodes.bool(offset, true),
      step: nodes.call(offset, '_?_:_', [predicate, added, accumulator()]),
      result: nodes.call(offset, '_==_', [accumulator(), one()]),
    });
  }
  const undecided = kind === 'all' ? accumulator() : nodes.call(offset, '!_', [accumulator()]);
  return nodes.comprehension(offset, {
    ...common,
    init: nodes.bool(offset, kind === 'all'),
    condition: nodes.call(offset, '@not_strictly_false', [undecided]),
    step: nodes.call(offset, kind === 'all' ? '_&&_' : '_||_', [accumulator(), predicate]),
    result: accumulator(),
  });
}

/** A list of what becomes of the elements that pass. */
function collect(call: Receiver, count: 1 | 2, filter: Expression | undefined, element: Expression): Expansion {
  const { nodes, offset, target } = call;
  const wrong = count === 1 ? 'argument is not an identifier' : 'argument must be a simple name';
  const variables = variablesOf(call, count, wrong);
  if (variables instanceof MacroProblem) return variables;
  const added = nodes.call(offset, '_+_', [nodes.accumulator(offset), nodes.list(offset, [element])]);
  return fold(call, target, variables, nodes.list(offset, []), filter, added);
}

function insert(call: Receiver, filter: Expression | undefined, entry: readonly Expression[]): Expansion {
  const { nodes, offset, target } = call;
  const variables = variablesOf(call, 2, 'argument must be a simple name');
  if (variables instanceof MacroProblem) return variables;
  const added = nodes.call(offset, 'cel.@mapInsert', [nodes.accumulator(offset), ...entry]);
  return fold(call, target, variables, nodes.map(offset, []), filter, added);
}

function fold(
  { nodes, offset }: MacroCall,
  range: Expression,
  variables: Variables,
  init: Expression,
  filter: Expression | undefined,
  added: Expression,
): Expression {
  const step = filter === undefined ? added : nodes.call(offset, '_?_:_', [filter, added, nodes.accumulator(offset)]);
  const condition = nodes.bool(offset, true);
  const result = nodes.accumulator(offset);
  return nodes.comprehension(offset, {
    range,
    ...variables,
    accumulator: accumulatorName,
    init,
    condition,
    step,
    result,
  });
}

/** A name for a value within an expression. */
function bind({ nodes, offset }: MacroCall, name: string, value: Expression, within: Expression): Expression {
  return nodes.comprehension(offset, {
    range: nodes.list(offset, []),
    variable: '#unused',
    variable2: undefined,
    accumulator: name,
    init: value,
    condition: nodes.bool(offset, false),
    step: nodes.identifier(offset, name),
    result: within,
  });
}

function ofOptional(call: Receiver, name: string, wrap: (value: Expression) => Expression): Expansion {
  const { nodes, offset, target, args } = call;
  const [variable, within] = args as [Expression, Expression];
  if (variable.type !== 'identifier')
    return new MacroProblem(variable, `${name}() variable name must be a simple identifier`);
  const value = nodes.memberCall(offset, nodes.copy(target), 'value', []);
  return nodes.call(offset, '_?_:_', [
    nodes.memberCall(offset, target, 'hasValue', []),
    wrap(bind(call, variable.name, value, within)),
    nodes.call(offset, 'optional.none', []),
  ]);
}

/** `cel.bind(name, value, within)`, where the library of bindings is enabled (ext/bindings.go). */
function bindMacro(call: Receiver): Expansion | undefined {
  const { target, args } = call;
  if (target.type !== 'identifier' || target.name !== 'cel') return undefined;
  const [variable, value, within] = args as [Expression, Expression, Expression];
  if (variable.type !== 'identifier')
    return new MacroProblem(variable, 'cel.bind() variable names must be simple identifiers');
  return bind(call, variable.name, value, within);
}

function sortBy(call: Receiver): Expansion {
  const { nodes, offset, target, args } = call;
  if (target.type === 'literal' || target.type === 'map' || target.type === 'struct') {
    const text = 'sortBy can only be applied to a list, identifier, comprehension, call or select expression';
    return new MacroProblem(target, text);
  }
  const input = '@__sortBy_input__';
  const keys = collect({ ...call, target: nodes.identifier(offset, input) }, 1, undefined, args[1] as Expression);
  if (keys instanceof MacroProblem) return keys;
  const sorted = nodes.memberCall(offset, nodes.identifier(offset, input), '@sortByAssociatedKeys', [keys]);
  return bind(call, input, target, sorted);
}
