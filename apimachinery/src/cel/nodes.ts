import {
  accumulatorName,
  type ComprehensionExpression,
  type Expression,
  type LiteralValue,
  type MapEntry,
} from './ast.ts';

/** Makes expressions of one source, each with an id of its own. */
export class Nodes {
  #last = 0;

  id(): number {
    return ++this.#last;
  }

  literal(offset: number, value: LiteralValue): Expression {
    return { type: 'literal', id: this.id(), offset, value };
  }

  bool(offset: number, value: boolean): Expression {
    return this.literal(offset, { kind: 'bool', value });
  }

  identifier(offset: number, name: string): Expression {
    return { type: 'identifier', id: this.id(), offset, name };
  }

  accumulator(offset: number): Expression {
    return this.identifier(offset, accumulatorName);
  }

  select(offset: number, operand: Expression, field: string, testOnly = false): Expression {
    return { type: 'select', id: this.id(), offset, operand, field, testOnly };
  }

  call(offset: number, name: string, args: readonly Expression[]): Expression {
    return { type: 'call', id: this.id(), offset, target: undefined, name, args };
  }

  memberCall(offset: number, target: Expression, name: string, args: readonly Expression[]): Expression {
    return { type: 'call', id: this.id(), offset, target, name, args };
  }

  list(offset: number, elements: readonly Expression[], optional: ReadonlySet<number> = new Set()): Expression {
    return { type: 'list', id: this.id(), offset, elements, optional };
  }

  map(offset: number, entries: readonly MapEntry[]): Expression {
    return { type: 'map', id: this.id(), offset, entries };
  }

  comprehension(offset: number, parts: Omit<ComprehensionExpression, 'type' | 'id' | 'offset'>): Expression {
    return { type: 'comprehension', id: this.id(), offset, ...parts };
  }

  /** The same expression once more, with ids of its own. */
  copy(expression: Expression): Expression {
    const again = <T>(value: T): T => {
      if (Array.isArray(value)) return value.map(again) as T;
      if (value === null || typeof value !== 'object' || value instanceof Set || value instanceof Uint8Array)
        return value;
      const copied = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, again(part) as unknown]));
      return ('id' in copied ? { ...copied, id: this.id() } : copied) as T;
    };
    return again(expression);
  }
}
