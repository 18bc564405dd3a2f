import type { CallExpression, ComprehensionExpression, Expression, ListExpression, MapExpression } from './ast.ts';
import { accumulatorName, isBind } from './ast.ts';
import type { Checked } from './check.ts';
import { type CallEstimate, estimateCall, type SizedNode } from './estimate-call.ts';
import { add, fixed, multiply, none, type Range, sum, unbounded, union, unknownSize } from './ranges.ts';
import { errorType, isOptional, type Type } from './types.ts';

/** Says how large what the variables hold can be. */
export interface SizeEstimator {
  /** By path from a variable (`self`, `spec`, `@items`), where it is known, and by type. */
  sizeOf(path: readonly string[] | undefined, type: Type): Range | undefined;
}

/** What evaluating an expression can cost, before it is evaluated (cel-go checker/cost.go). */
export function estimateCost(checked: Checked, estimator: SizeEstimator): Range {
  return new Estimator(checked, estimator).cost(checked.expression);
}

/** Sizes of the keys and of the values of a list or map. */
interface EntrySize {
  readonly container: 'list' | 'map';
  readonly key: Range;
  readonly value: Range;
}

interface Local {
  readonly path: readonly string[] | undefined;
  readonly size: Range | undefined;
  readonly entry: EntrySize | undefined;
}

const nameCost = fixed(1);
const scalars: ReadonlySet<string> = new Set(['bool', 'double', 'duration', 'int', 'timestamp', 'uint']);
const createCosts = { list: fixed(10), map: fixed(30), struct: fixed(40) } as const;

class Estimator {
  readonly #checked: Checked;
  readonly #estimator: SizeEstimator;
  readonly #paths = new Map<number, readonly string[] | undefined>();
  readonly #sizes = new Map<number, Range>();
  readonly #entries = new Map<number, EntrySize>();
  readonly #locals = new Map<string, Local[]>();

  constructor(checked: Checked, estimator: SizeEstimator) {
    this.#checked = checked;
    this.#estimator = estimator;
  }

  cost(expression: Expression): Range {
    switch (expression.type) {
      case 'literal':
        return none;
      case 'identifier': {
        const local = this.#local(expression.name);
        this.#paths.set(expression.id, local === undefined ? [expression.name] : local.path);
        return nameCost;
      }
      case 'select':
        return this.#select(expression);
      case 'call':
        return this.#call(expression);
      case 'list':
        return this.#list(expression);
      case 'map':
        return this.#map(expression);
      case 'struct':
        return add(sum(expression.fields.map(({ value }) => this.cost(value))), createCosts.struct);
      case 'comprehension':
        return isBind(expression) ? this.#bind(expression) : this.#fold(expression);
    }
  }

  #type(expression: Expression): Type {
    return this.#checked.types.get(expression.id) ?? errorType;
  }

  #local(name: string): Local | undefined {
    return this.#locals.get(name)?.at(-1);
  }

  #push(name: string, local: Local): void {
    const stack = this.#locals.get(name);
    if (stack === undefined) this.#locals.set(name, [local]);
    else stack.push(local);
  }

  #pop(name: string): void {
    this.#locals.get(name)?.pop();
  }

  #path(expression: Expression): readonly string[] | undefined {
    const local = expression.type === 'identifier' ? this.#local(expression.name) : undefined;
    return local === undefined ? this.#paths.get(expression.id) : local.path;
  }

  #select(expression: Extract<Expression, { type: 'select' }>): Range {
    const operand = this.cost(expression.operand);
    if (expression.testOnly) return operand;
    const { kind } = this.#type(expression.operand);
    this.#paths.set(expression.id, [...(this.#path(expression.operand) ?? []), expression.field]);
    return kind === 'map' || kind === 'object' || kind === 'param' ? add(operand, nameCost) : operand;
  }

  #call(expression: CallExpression): Range {
    const { name, args, target, id } = expression;
    if (name === 'dyn') {
      const [arg] = args as [Expression];
      const cost = this.cost(arg);
      this.#copySizes(expression, arg);
      return add(fixed(1), cost);
    }
    const costs = args.map((arg) => this.cost(arg));
    const nodes = args.map((arg) => this.#node(arg));
    const overloads = this.#checked.overloads.get(id) ?? [];
    if (overloads.length === 0) return none;
    const targetCost = target === undefined ? none : this.cost(target);
    const targetNode = target && this.#node(target);
    let cost: Range = { min: unbounded, max: 0 };
    let size: Range | undefined;
    for (const overload of overloads) {
      const estimate = this.#overload(expression, overload, targetNode, nodes, costs);
      cost = union(cost, estimate.cost);
      if (estimate.size !== undefined) size = size === undefined ? estimate.size : union(size, estimate.size);
      if (overload === 'index_list' || overload === 'index_map') {
        const [container] = args as [Expression];
        size = this.#entry(container)?.value;
        const step = overload === 'index_list' ? '@items' : '@values';
        this.#paths.set(id, [...(this.#path(container) ?? []), step]);
      }
      size ??= this.#size(expression);
    }
    if (size !== undefined) this.#sizes.set(id, size);
    return add(targetCost, cost);
  }

  #overload(
    expression: CallExpression,
    overload: string,
    target: SizedNode | undefined,
    nodes: readonly SizedNode[],
    costs: readonly Range[],
  ): CallEstimate {
    const { name, args, id } = expression;
    const own = estimateCall({ name, overload, target, args: nodes, sizeOf: (node) => this.#sizeOfNode(node) });
    if (own !== undefined) return { ...own, cost: add(own.cost, sum(costs)) };
    const [first = none, second = none, third = none] = costs;
    switch (overload) {
      case 'logical_and':
      case 'logical_or':
        return { cost: { min: first.min, max: add(first, second).max } };
      case 'conditional': {
        const [, whenTrue, whenFalse] = args as [Expression, Expression, Expression];
        const entry = unionEntries(this.#entry(whenTrue), this.#entry(whenFalse));
        if (entry !== undefined) this.#entries.set(id, entry);
        const size = union(this.#sizeOrUnknown(whenTrue), this.#sizeOrUnknown(whenFalse));
        return { cost: add(first, union(second, third)), size };
      }
      case 'add_string':
      case 'add_bytes':
      case 'add_list': {
        const [left, right] = args as [Expression, Expression];
        const size = add(this.#sizeOrUnknown(left), this.#sizeOrUnknown(right));
        const entry = unionEntries(this.#entry(left), this.#entry(right));
        if (entry !== undefined) this.#entries.set(id, entry);
        const work = overload === 'add_list' ? fixed(1) : scaleTenth(size);
        return { cost: add(work, sum(costs)), size };
      }
      default:
        return { cost: add(fixed(1), sum(costs)) };
    }
  }

  #list(expression: ListExpression): Range {
    const { elements } = expression;
    const costs = elements.map((each) => this.cost(each));
    const value = this.#unionOf(elements);
    this.#entries.set(expression.id, { container: 'list', key: fixed(1), value });
    return add(sum(costs), createCosts.list);
  }

  #map(expression: MapExpression): Range {
    const { entries } = expression;
    const costs = entries.map(({ key, value }) => add(this.cost(key), this.cost(value)));
    const key = this.#unionOf(entries.map((entry) => entry.key));
    const value = this.#unionOf(entries.map((entry) => entry.value));
    this.#entries.set(expression.id, { container: 'map', key, value });
    return add(sum(costs), createCosts.map);
  }

  #unionOf(expressions: readonly Expression[]): Range {
    const start = { min: expressions.length === 0 ? 0 : unbounded, max: 0 };
    return expressions.reduce<Range>((all, each) => union(all, this.#sizeOrUnknown(each)), start);
  }

  #fold(expression: ComprehensionExpression): Range {
    const { range, init, accumulator, variable, variable2, id } = expression;
    const before = add(this.cost(range), this.cost(init));
    this.#pushValue(accumulator, init);
    if (variable2 === undefined) this.#pushElement(variable, range);
    else this.#pushKeyAndValue(variable, variable2, range);
    const loop = this.cost(expression.condition);
    const step = this.cost(expression.step);
    this.#pop(variable);
    if (variable2 !== undefined) this.#pop(variable2);
    const result = this.cost(expression.result);
    this.#pop(accumulator);
    const count = this.#sizeOrUnknown(range);
    if (init.type === 'literal') {
      const size = this.#size(init);
      if (size !== undefined) this.#sizes.set(id, size);
    } else if (init.type === 'list' || init.type === 'map') {
      this.#sizes.set(id, count);
      const entry = this.#entry(expression.step);
      if (entry !== undefined) this.#entries.set(id, entry);
    }
    return add(add(before, result), multiply(count, add(step, loop)));
  }

  #bind(expression: ComprehensionExpression): Range {
    const before = add(this.cost(expression.range), this.cost(expression.init));
    this.#pushValue(expression.accumulator, expression.init);
    const result = this.cost(expression.result);
    this.#pop(expression.accumulator);
    this.#copySizes(expression, expression.result);
    return add(before, result);
  }

  #pushValue(name: string, value: Expression): void {
    this.#push(name, { path: this.#path(value), size: this.#size(value), entry: this.#entry(value) });
  }

  /** A variable that stands for elements of a list, or keys of a map. */
  #pushElement(name: string, range: Expression): void {
    const entry = this.#entry(range);
    const isList = (entry?.container ?? this.#type(range).kind) === 'list';
    const path = [...(this.#path(range) ?? []), isList ? '@items' : '@keys'];
    this.#push(name, { path, size: isList ? entry?.value : entry?.key, entry: undefined });
  }

  #pushKeyAndValue(key: string, value: string, range: Expression): void {
    const entry = this.#entry(range);
    const container = entry?.container ?? this.#type(range).kind;
    const path = this.#path(range) ?? [];
    const [keyStep, valueStep] = container === 'list' ? ['@indices', '@items'] : ['@keys', '@values'];
    this.#push(key, { path: [...path, keyStep as string], size: entry?.key, entry: undefined });
    this.#push(value, { path: [...path, valueStep as string], size: entry?.value, entry: undefined });
  }

  #node(expression: Expression): SizedNode {
    const path = this.#path(expression);
    const isRoot = path !== undefined && path[0] !== accumulatorName && path[0] !== '__result__';
    const size = this.#size(expression);
    return { expression, type: this.#type(expression), path: isRoot ? path : undefined, size };
  }

  #sizeOfNode(node: SizedNode): Range {
    return node.size ?? this.#estimator.sizeOf(node.path, node.type) ?? unknownSize;
  }

  #sizeOrUnknown(expression: Expression): Range {
    return this.#size(expression) ?? unknownSize;
  }

  #size(expression: Expression): Range | undefined {
    const known = this.#sizes.get(expression.id) ?? literalSize(expression);
    if (known !== undefined) return known;
    const type = this.#type(expression);
    const estimated = this.#estimator.sizeOf(this.#path(expression), type);
    if (estimated !== undefined) {
      this.#sizes.set(expression.id, estimated);
      return estimated;
    }
    if (isScalar(type)) return fixed(1);
    return expression.type === 'identifier' ? this.#local(expression.name)?.size : undefined;
  }

  #entry(expression: Expression): EntrySize | undefined {
    const local = expression.type === 'identifier' ? this.#local(expression.name) : undefined;
    return this.#entries.get(expression.id) ?? local?.entry;
  }

  #copySizes(to: Expression, from: Expression): void {
    const [size, entry] = [this.#size(from), this.#entry(from)];
    if (size !== undefined) this.#sizes.set(to.id, size);
    if (entry !== undefined) this.#entries.set(to.id, entry);
  }
}

const scaleTenth = ({ min, max }: Range): Range => ({
  min: Math.ceil(min * 0.1),
  max: max >= unbounded ? Math.ceil(unbounded * 0.1) : Math.ceil(max * 0.1),
});

function unionEntries(a: EntrySize | undefined, b: EntrySize | undefined): EntrySize | undefined {
  if (a === undefined || b === undefined) return undefined;
  return { container: a.container, key: union(a.key, b.key), value: union(a.value, b.value) };
}

function isScalar(type: Type): boolean {
  return scalars.has(type.kind) || (isOptional(type) && isScalar(type.params[0] as Type));
}

function literalSize(expression: Expression): Range | undefined {
  if (expression.type === 'list') return fixed(expression.elements.length);
  if (expression.type === 'map') return fixed(expression.entries.length);
  if (expression.type !== 'literal') return undefined;
  const { kind, value } = expression.value;
  if (kind === 'string') return fixed(Array.from(value).length);
  return fixed(kind === 'bytes' ? value.length : 1);
}
