import { CelError } from './cel-error.ts';
import { type LiteralValue, type Token, tokenize } from './tokens.ts';

/** An expression as it was written; macros are calls like others, and are told apart when it is compiled. */
export type Expression = { readonly offset: number } & (
  | {
      readonly type: 'literal';
      readonly value: LiteralValue | { readonly kind: 'bool'; readonly value: boolean } | { readonly kind: 'null' };
    }
  | { readonly type: 'identifier'; readonly name: string }
  | { readonly type: 'select'; readonly target: Expression; readonly field: string; readonly optional: boolean }
  | { readonly type: 'index'; readonly target: Expression; readonly index: Expression; readonly optional: boolean }
  | {
      readonly type: 'call';
      readonly target: Expression | undefined;
      readonly name: string;
      readonly args: readonly Expression[];
    }
  | { readonly type: 'list'; readonly elements: readonly { readonly value: Expression; readonly optional: boolean }[] }
  | {
      readonly type: 'map';
      readonly entries: readonly { readonly key: Expression; readonly value: Expression; readonly optional: boolean }[];
    }
  | { readonly type: 'unary'; readonly operator: '!' | '-'; readonly operand: Expression }
  | { readonly type: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | {
      readonly type: 'conditional';
      readonly condition: Expression;
      readonly consequent: Expression;
      readonly otherwise: Expression;
    }
);

/** Operators by how tightly they bind. */
const precedences: Readonly<Record<string, number>> = {
  '||': 1,
  '&&': 2,
  '==': 3,
  '!=': 3,
  '<': 3,
  '<=': 3,
  '>': 3,
  '>=': 3,
  in: 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
};
const reserved: ReadonlySet<string> = new Set([
  'as',
  'break',
  'const',
  'continue',
  'else',
  'for',
  'function',
  'if',
  'import',
  'let',
  'loop',
  'package',
  'namespace',
  'return',
  'var',
  'void',
  'while',
]);
const nestingMax = 250;

/** Throws CelError with cel-go's words for what is no expression. */
export function parse(source: string): Expression {
  return new Parser(tokenize(source)).parseAll();
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parseAll(): Expression {
    const expression = this.#expression();
    if (this.#peek.type !== 'end') throw this.#unexpected();
    return expression;
  }

  get #peek(): Token {
    return this.#tokens[this.#at] as Token;
  }

  #take(text: string): boolean {
    const token = this.#peek;
    if ((token.type !== 'punctuation' && token.type !== 'identifier') || token.text !== text) return false;
    this.#at++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw this.#unexpected(text);
  }

  #unexpected(wanted?: string): CelError {
    const token = this.#peek;
    const found = token.type === 'end' ? '<EOF>' : token.type === 'literal' ? String(token.value.value) : token.text;
    const expecting = wanted === undefined ? '' : ` expecting '${wanted}'`;
    return new CelError(`Syntax error: mismatched input '${found}'${expecting}`, token.offset);
  }

  #expression(): Expression {
    if (++this.#depth > nestingMax) throw new CelError('expression recursion limit exceeded: 250', this.#peek.offset);
    const condition = this.#binary(1);
    const { offset } = this.#peek;
    if (!this.#take('?')) {
      this.#depth--;
      return condition;
    }
    const consequent = this.#binary(1);
    this.#expect(':');
    const otherwise = this.#expression();
    this.#depth--;
    return { type: 'conditional', condition, consequent, otherwise, offset };
  }

  #binary(minimum: number): Expression {
    let left = this.#unary();
    for (;;) {
      const token = this.#peek;
      const operator = token.type === 'punctuation' || token.type === 'identifier' ? token.text : '';
      const precedence = precedences[operator];
      if (precedence === undefined || precedence < minimum) return left;
      this.#at++;
      left = { type: 'binary', operator, left, right: this.#binary(precedence + 1), offset: token.offset };
    }
  }

  #unary(): Expression {
    const { offset } = this.#peek;
    for (const operator of ['!', '-'] as const) {
      if (this.#take(operator)) return { type: 'unary', operator, operand: this.#unary(), offset };
    }
    return this.#member();
  }

  #member(): Expression {
    let target = this.#primary();
    for (;;) {
      const { offset } = this.#peek;
      if (this.#take('.?')) target = { type: 'select', target, field: this.#name(), optional: true, offset };
      else if (this.#take('.')) {
        const name = this.#name();
        if (this.#take('(')) target = { type: 'call', target, name, args: this.#list(')'), offset };
        else target = { type: 'select', target, field: name, optional: false, offset };
      } else if (this.#take('[?')) target = this.#index(target, true, offset);
      else if (this.#take('[')) target = this.#index(target, false, offset);
      else if (this.#isType(target) && this.#take('{')) target = { type: 'map', entries: this.#fields(), offset };
      else return target;
    }
  }

  /** `Object`, `Object.spec` or `JSONPatch`: what admission policies make objects of. */
  #isType(target: Expression): boolean {
    if (target.type === 'select' && !target.optional) return this.#isType(target.target);
    return target.type === 'identifier' && (target.name === 'Object' || target.name === 'JSONPatch');
  }

  #index(target: Expression, optional: boolean, offset: number): Expression {
    const index = this.#expression();
    this.#expect(']');
    return { type: 'index', target, index, optional, offset };
  }

  #name(): string {
    const token = this.#peek;
    if (token.type !== 'identifier') throw this.#unexpected();
    this.#at++;
    return token.text;
  }

  #primary(): Expression {
    const token = this.#peek;
    const { offset } = token;
    if (token.type === 'literal') {
      this.#at++;
      return { type: 'literal', value: token.value, offset };
    }
    if (this.#take('(')) {
      const inner = this.#expression();
      this.#expect(')');
      return inner;
    }
    if (this.#take('[?')) return { type: 'list', elements: this.#elements(true), offset };
    if (this.#take('[')) return { type: 'list', elements: this.#elements(false), offset };
    if (this.#take('{')) return { type: 'map', entries: this.#entries(), offset };
    this.#take('.');
    const name = this.#name();
    if (name === 'true' || name === 'false')
      return { type: 'literal', value: { kind: 'bool', value: name === 'true' }, offset };
    if (name === 'null') return { type: 'literal', value: { kind: 'null' }, offset };
    if (reserved.has(name) || name === 'in') throw new CelError(`Syntax error: reserved identifier: ${name}`, offset);
    if (this.#take('(')) return { type: 'call', target: undefined, name, args: this.#list(')'), offset };
    return { type: 'identifier', name, offset };
  }

  #list(end: string): Expression[] {
    const items: Expression[] = [];
    while (!this.#take(end)) {
      if (items.length > 0) this.#expect(',');
      items.push(this.#expression());
    }
    return items;
  }

  /** `startsOptional`: the mark of the first element came with the bracket. */
  #elements(startsOptional: boolean): { value: Expression; optional: boolean }[] {
    const elements: { value: Expression; optional: boolean }[] = [];
    if (startsOptional) elements.push({ optional: true, value: this.#expression() });
    while (!this.#take(']')) {
      if (elements.length > 0) this.#expect(',');
      if (elements.length > 0 && this.#take(']')) break;
      const optional = this.#take('?');
      elements.push({ optional, value: this.#expression() });
    }
    return elements;
  }

  /** `name: value` pairs of an object. */
  #fields(): { key: Expression; value: Expression; optional: boolean }[] {
    const entries: { key: Expression; value: Expression; optional: boolean }[] = [];
    while (!this.#take('}')) {
      if (entries.length > 0) this.#expect(',');
      if (entries.length > 0 && this.#take('}')) break;
      const optional = this.#take('?');
      const { offset } = this.#peek;
      const key: Expression = { type: 'literal', value: { kind: 'string', value: this.#name() }, offset };
      this.#expect(':');
      entries.push({ optional, key, value: this.#expression() });
    }
    return entries;
  }

  #entries(): { key: Expression; value: Expression; optional: boolean }[] {
    const entries: { key: Expression; value: Expression; optional: boolean }[] = [];
    while (!this.#take('}')) {
      if (entries.length > 0) this.#expect(',');
      if (entries.length > 0 && this.#take('}')) break;
      const optional = this.#take('?');
      const key = this.#expression();
      this.#expect(':');
      entries.push({ optional, key, value: this.#expression() });
    }
    return entries;
  }
}
