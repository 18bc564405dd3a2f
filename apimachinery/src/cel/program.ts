import type { Schema } from '../schema/index.ts';
import type { CelValue } from './values.ts';

/** An expression that was made a function, and what is known of its value. */
export interface Node {
  readonly evaluate: (frame: Frame) => CelValue;
  readonly schema?: Schema;
}

/** Names that an expression may use; those of comprehensions hide those outside. */
export interface Scope {
  readonly variables: ReadonlyMap<string, Schema | undefined>;
  readonly parent: Scope | undefined;
}

/** One evaluation. */
export interface Frame {
  readonly variables: Readonly<Record<string, unknown>>;
  readonly locals: Local | undefined;
  readonly budget: { stepsLeft: number };
}

export interface Local {
  readonly name: string;
  readonly value: CelValue;
  readonly parent: Local | undefined;
}

export function withLocal(frame: Frame, name: string, value: CelValue): Frame {
  return { variables: frame.variables, budget: frame.budget, locals: { name, value, parent: frame.locals } };
}
