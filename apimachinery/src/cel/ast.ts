/**
 * An expression after macros were expanded: has(), all() and the like are presence tests and comprehensions, operators are
 * calls of functions such as `_+_` (cel-go common/ast).
 */
export type Expression =
  | LiteralExpression
  | IdentifierExpression
  | SelectExpression
  | CallExpression
  | ListExpression
  | MapExpression
  | StructExpression
  | ComprehensionExpression;

interface Placed {
  /** Unique in its expression. */
  readonly id: number;
  /** Where messages about it point to, in code points. */
  readonly offset: number;
}

export type LiteralValue =
  | { readonly kind: 'null'; readonly value: null }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'uint'; readonly value: bigint }
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'bytes'; readonly value: Uint8Array };

export interface LiteralExpression extends Placed {
  readonly type: 'literal';
  readonly value: LiteralValue;
}

export interface IdentifierExpression extends Placed {
  readonly type: 'identifier';
  readonly name: string;
}

export interface SelectExpression extends Placed {
  readonly type: 'select';
  readonly operand: Expression;
  readonly field: string;
  /** has(): only whether there is one. */
  readonly testOnly: boolean;
}

export interface CallExpression extends Placed {
  readonly type: 'call';
  readonly target: Expression | undefined;
  readonly name: string;
  readonly args: readonly Expression[];
}

export interface ListExpression extends Placed {
  readonly type: 'list';
  readonly elements: readonly Expression[];
  /** Indices of elements that are left out where they have no value. */
  readonly optional: ReadonlySet<number>;
}

export interface MapEntry extends Placed {
  readonly key: Expression;
  readonly value: Expression;
  readonly optional: boolean;
}

export interface MapExpression extends Placed {
  readonly type: 'map';
  readonly entries: readonly MapEntry[];
}

export interface StructField extends Placed {
  readonly name: string;
  readonly value: Expression;
  readonly optional: boolean;
}

export interface StructExpression extends Placed {
  readonly type: 'struct';
  readonly name: string;
  readonly fields: readonly StructField[];
}

/** A fold: the accumulator starts as `init`, becomes `step` for each element while `condition` holds, and gives `result`. */
export interface ComprehensionExpression extends Placed {
  readonly type: 'comprehension';
  readonly range: Expression;
  readonly variable: string;
  /** With two variables the first is the index or key, the second the value. */
  readonly variable2: string | undefined;
  readonly accumulator: string;
  readonly init: Expression;
  readonly condition: Expression;
  readonly step: Expression;
  readonly result: Expression;
}

/** The accumulator of every macro; no expression can name it. */
export const accumulatorName = '@result';

/** Binding a name to a value: a comprehension over nothing (`optMap`, `sortBy`). */
export function isBind({ range, condition, accumulator }: ComprehensionExpression): boolean {
  const never = condition.type === 'literal' && condition.value.kind === 'bool' && !condition.value.value;
  return range.type === 'list' && range.elements.length === 0 && never && accumulator !== accumulatorName;
}

/** `a.b.c` as a name; undefined for what is none. */
export function qualifiedName(expression: Expression): string | undefined {
  if (expression.type === 'identifier') return expression.name;
  if (expression.type !== 'select' || expression.testOnly) return undefined;
  const before = qualifiedName(expression.operand);
  return before === undefined ? undefined : `${before}.${expression.field}`;
}
