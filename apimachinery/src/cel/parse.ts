import { type Expression, type LiteralValue, type MapEntry, qualifiedName, type StructField } from './ast.ts';
import { type Issue, issuesError } from './issues.ts';
import { expandMacro, MacroProblem } from './macros.ts';
import { Nodes } from './nodes.ts';
import { type Token, tokenize } from './tokens.ts';

const codePointsMax = 100_000;
const depthMax = 250;
const operandStarts = `'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER`;
/** What may come after the brace of a map. */
const entryStarts = operandStarts
  .replace("'{',", "'{', '}',")
  .replace("'.',", "'.', ',',")
  .replace("'!',", "'!', '?',");
const reserved: ReadonlySet<string> = new Set(
  'as break const continue else for function if import let loop namespace package return var void while'.split(' '),
);
const relations: ReadonlySet<string> = new Set(['<', '<=', '>=', '>', '==', '!=', 'in']);
const sums: ReadonlySet<string> = new Set(['+', '-']);
const products: ReadonlySet<string> = new Set(['*', '/', '%']);
/** What may stand behind an operand and not before one. */
const followsOperand: ReadonlySet<string> = new Set([...relations, '+', ...products, '&&', '||', '?']);

/** Reads an expression and expands its macros. Throws CelError with every syntax issue, worded as cel-go's parser does. */
export function parse(source: string, bindings = false): Expression {
  const size = Array.from(source).length;
  if (size > codePointsMax) {
    const message = `expression code point size exceeds limit: size: ${size}, limit ${codePointsMax}`;
    throw issuesError(source, [{ offset: 0, message }]);
  }
  const parser = new Parser(source, bindings);
  const expression = parser.parse();
  if (expression === undefined || parser.issues.length > 0) throw issuesError(source, parser.issues);
  return expression;
}

/** Reading cannot go on. The issue was reported. */
class Halt extends Error {}

class Parser {
  readonly issues: Issue[];
  readonly #tokens: readonly Token[];
  readonly #nodes = new Nodes();
  readonly #bindings: boolean;
  #at = 0;
  #depth = 0;
  /** Nothing was consumed since the last issue: more would be said about the same place. */
  #recovering = false;

  constructor(source: string, bindings: boolean) {
    this.#bindings = bindings;
    const { tokens, issues } = tokenize(source);
    this.#tokens = tokens;
    this.issues = [...issues];
  }

  parse(): Expression | undefined {
    try {
      const expression = this.#expression();
      if (this.#token.type !== 'end') {
        const isLast = this.#peek(1).type === 'end';
        this.#report(`${isLast ? 'extraneous' : 'mismatched'} input '${this.#token.text}' expecting <EOF>`);
      }
      return expression;
    } catch (error) {
      if (error instanceof Halt) return undefined;
      throw error;
    }
  }

  get #token(): Token {
    return this.#peek(0);
  }

  #peek(ahead: number): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)] as Token;
  }

  #next(): Token {
    const token = this.#token;
    this.#at++;
    this.#recovering = false;
    return token;
  }

  #is(text: string, ahead = 0): boolean {
    const token = this.#peek(ahead);
    return token.text === text && (token.type === 'punctuation' || token.type === 'keyword');
  }

  #take(text: string): Token | undefined {
    return this.#is(text) ? this.#next() : undefined;
  }

  #report(message: string, offset = this.#token.offset, kind = 'Syntax error: '): void {
    if (!this.#recovering) this.issues.push({ offset, message: `${kind}${message}` });
  }

  #problem(offset: number, message: string): void {
    this.issues.push({ offset, message });
  }

  /** A token that must come; one too many before it, or its absence, is reported and passed over. */
  #expect(text: string): void {
    if (this.#take(text) !== undefined) return;
    const found = `'${this.#token.text}'`;
    if (this.#is(text, 1)) {
      this.#report(`extraneous input ${found} expecting '${text}'`);
      this.#at += 2;
      return;
    }
    if (text === ':' && !this.#startsOperand(0)) this.#mismatched(`':'`);
    this.#report(`missing '${text}' at ${found}`);
    this.#recovering = true;
  }

  #mismatched(expecting: string): never {
    this.#report(`mismatched input '${this.#token.text}' expecting ${expecting}`);
    throw new Halt();
  }

  /** Nothing that may be selected follows a dot. */
  #noSelection(): never {
    this.#report(`no viable alternative at input '.${this.#token.type === 'end' ? '' : this.#token.text}'`);
    throw new Halt();
  }

  #expression(): Expression {
    if (++this.#depth > depthMax) {
      this.issues.push({ offset: 0, message: `expression recursion limit exceeded: ${depthMax}` });
      throw new Halt();
    }
    const condition = this.#logical('||', '_||_', () => this.#logical('&&', '_&&_', () => this.#relation()));
    const mark = this.#take('?');
    if (mark === undefined) {
      this.#depth--;
      return condition;
    }
    const consequent = this.#logical('||', '_||_', () => this.#logical('&&', '_&&_', () => this.#relation()));
    if (this.#token.type === 'end') this.#mismatched(`':'`);
    this.#expect(':');
    const otherwise = this.#expression();
    this.#depth--;
    return this.#nodes.call(mark.offset, '_?_:_', [condition, consequent, otherwise]);
  }

  /** A chain of one operator becomes a balanced tree. */
  #logical(text: string, name: string, operand: () => Expression): Expression {
    const terms = [operand()];
    const marks: Token[] = [];
    for (let mark = this.#take(text); mark !== undefined; mark = this.#take(text)) {
      marks.push(mark);
      terms.push(operand());
    }
    const tree = (from: number, to: number): Expression => {
      if (from > to) return terms[from] as Expression;
      const middle = Math.floor((from + to + 1) / 2);
      const [left, right] = [tree(from, middle - 1), tree(middle + 1, to)];
      return this.#nodes.call((marks[middle] as Token).offset, name, [left, right]);
    };
    return tree(0, marks.length - 1);
  }

  /** Every link of a chain is a level of the tree, down its left side. */
  #countLink(count: number): void {
    if (count <= depthMax) return;
    this.issues.push({ offset: 0, message: 'max recursion depth exceeded' });
    throw new Halt();
  }

  #relation(): Expression {
    const product = () => this.#chain(products, () => this.#unary());
    return this.#chain(relations, () => this.#chain(sums, product));
  }

  /** Operators of one precedence, from left to right. */
  #chain(operators: ReadonlySet<string>, operand: () => Expression): Expression {
    let left = operand();
    for (let links = 1; operators.has(this.#token.text) && this.#is(this.#token.text); links++) {
      this.#countLink(links);
      const mark = this.#next();
      const name = mark.text === 'in' ? '@in' : `_${mark.text}_`;
      left = this.#nodes.call(mark.offset, name, [left, operand()]);
    }
    return left;
  }

  #unary(): Expression {
    for (const text of ['!', '-']) {
      // One minus before a number is its sign.
      if (!this.#is(text) || (text === '-' && this.#isNumber(1))) continue;
      const { offset } = this.#token;
      let count = 0;
      while (this.#take(text)) count++;
      if (text === '-' && this.#token.type === 'end') this.issues.push(noOperand(this.#token));
      const operand = this.#member();
      return count % 2 === 0 ? operand : this.#nodes.call(offset, `${text}_`, [operand]);
    }
    return this.#member();
  }

  #isNumber(ahead: number): boolean {
    const { type, value } = this.#peek(ahead);
    return type === 'literal' && (value?.kind === 'int' || value?.kind === 'double');
  }

  #member(): Expression {
    const isNested = this.#is('(');
    let operand = this.#primary();
    let isName = !isNested;
    for (let links = 0; ; links++) {
      const open = this.#token;
      this.#countLink(links);
      if (isName && this.#is('{') && qualifiedName(operand) !== undefined) operand = this.#struct(operand);
      else if (this.#take('.')) operand = this.#selection(operand, open);
      else if (this.#take('[')) operand = this.#index(operand, open);
      else return operand;
      isName &&= operand.type === 'select' || operand.type === 'identifier';
    }
  }

  #selection(operand: Expression, dot: Token): Expression {
    const optional = this.#take('?') !== undefined;
    const field = this.#token;
    if (field.type !== 'identifier' && field.type !== 'escaped') {
      if (field.type === 'keyword') this.#mismatched('IDENTIFIER');
      this.#noSelection();
    }
    this.#next();
    const name = field.type === 'escaped' ? field.text.slice(1, -1) : field.text;
    if (optional) {
      const text = this.#nodes.literal(field.offset, { kind: 'string', value: name });
      return this.#nodes.call(dot.offset, '_?._', [operand, text]);
    }
    const open = field.type === 'identifier' ? this.#take('(') : undefined;
    if (open === undefined) return this.#nodes.select(dot.offset, operand, name);
    return this.#callOrMacro(open.offset, operand, name, this.#arguments());
  }

  #index(operand: Expression, open: Token): Expression {
    const optional = this.#take('?') !== undefined;
    if (this.#token.type === 'end') this.#mismatched(`{${operandStarts.replace("'!',", "'!', '?',")}}`);
    const index = this.#expression();
    this.#expect(']');
    return this.#nodes.call(open.offset, optional ? '_[?_]' : '_[_]', [operand, index]);
  }

  #arguments(): Expression[] {
    if (this.#take(')')) return [];
    if (this.#token.type === 'end') this.#mismatched(`{${operandStarts.replace("'(',", "'(', ')',")}}`);
    const args = [this.#expression()];
    while (this.#take(',')) args.push(this.#expression());
    this.#expect(')');
    return args;
  }

  #callOrMacro(offset: number, target: Expression | undefined, name: string, args: readonly Expression[]): Expression {
    const expanded = expandMacro(name, { nodes: this.#nodes, offset, target, args, bindings: this.#bindings });
    if (expanded instanceof MacroProblem) {
      this.#problem(expanded.offset, expanded.message);
      return this.#nodes.bool(offset, false);
    }
    if (expanded !== undefined) return expanded;
    if (target === undefined) return this.#nodes.call(offset, name, args);
    return this.#nodes.memberCall(offset, target, name, args);
  }

  #primary(): Expression {
    const token = this.#token;
    if (this.#take('(')) {
      const inner = this.#expression();
      this.#expect(')');
      return inner;
    }
    if (this.#take('[')) return this.#list(token.offset);
    if (this.#take('{')) return this.#map(token.offset);
    if (token.type === 'literal' || (token.type === 'keyword' && token.text !== 'in') || this.#is('-')) {
      return this.#literal();
    }
    const dot = this.#take('.') !== undefined;
    if (dot && this.#token.type !== 'identifier') this.#noSelection();
    if (this.#token.type === 'identifier') return this.#name(dot ? '.' : '');
    if (token.type !== 'end' && this.#startsOperand(1)) {
      this.#report(`extraneous input '${token.text}' expecting {${operandStarts}}`);
      this.#at++;
      return this.#primary();
    }
    if (!followsOperand.has(token.text)) this.#mismatched(`{${operandStarts}}`);
    // What follows is read as if there had been an operand.
    this.#report(`mismatched input '${token.text}' expecting {${operandStarts}}`);
    this.#recovering = true;
    return this.#nodes.bool(token.offset, false);
  }

  #startsOperand(ahead: number): boolean {
    const { type, text } = this.#peek(ahead);
    return type === 'literal' || type === 'identifier' || (type === 'keyword' && text !== 'in') || this.#is('(', ahead);
  }

  #name(prefix: string): Expression {
    const token = this.#next();
    const name = prefix + token.text;
    const open = this.#take('(');
    if (reserved.has(token.text)) {
      this.#problem(token.offset, `reserved identifier: ${token.text}`);
      if (open !== undefined) this.#arguments();
      return this.#nodes.bool(token.offset, false);
    }
    if (open === undefined) return this.#nodes.identifier(token.offset, name);
    return this.#callOrMacro(open.offset, undefined, name, this.#arguments());
  }

  #literal(): Expression {
    const { offset } = this.#token;
    const negative = this.#take('-') !== undefined;
    const { text, value, problem } = this.#next();
    if (problem !== undefined) this.#problem(offset, problem);
    if (text === 'null') return this.#nodes.literal(offset, { kind: 'null', value: null });
    if (text === 'true' || text === 'false') return this.#nodes.bool(offset, text === 'true');
    const made = value ?? { kind: 'null', value: null };
    return this.#nodes.literal(offset, this.#inRange(negative ? negated(made) : made, offset));
  }

  #inRange(value: LiteralValue, offset: number): LiteralValue {
    const fits =
      (value.kind !== 'int' || BigInt.asIntN(64, value.value) === value.value) &&
      (value.kind !== 'uint' || BigInt.asUintN(64, value.value) === value.value) &&
      (value.kind !== 'double' || Number.isFinite(value.value));
    if (!fits) this.#problem(offset, `invalid ${value.kind} literal`);
    return value;
  }

  #list(offset: number): Expression {
    const elements: Expression[] = [];
    const optional = new Set<number>();
    this.#sequence(']', () => {
      if (this.#take('?')) optional.add(elements.length);
      elements.push(this.#expression());
    });
    return this.#nodes.list(offset, elements, optional);
  }

  #map(offset: number): Expression {
    const entries: MapEntry[] = [];
    this.#sequence('}', () => {
      if (entries.length === 0 && this.#token.type === 'end') this.#mismatched(`{${entryStarts}}`);
      const optional = this.#take('?') !== undefined;
      const key = this.#expression();
      const colon = this.#token;
      if (colon.type === 'end') this.#mismatched(`':'`);
      this.#expect(':');
      entries.push({ id: this.#nodes.id(), offset: colon.offset, key, value: this.#expression(), optional });
    });
    return this.#nodes.map(offset, entries);
  }

  #struct(name: Expression): Expression {
    const { offset } = this.#next();
    const fields: StructField[] = [];
    this.#sequence('}', () => {
      const optional = this.#take('?') !== undefined;
      const field = this.#next();
      if (field.type !== 'identifier' && field.type !== 'escaped') {
        this.#at--;
        const isFirst = fields.length === 0 && !optional;
        this.#mismatched(isFirst ? "{'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}" : '{IDENTIFIER, ESC_IDENTIFIER}');
      }
      const colon = this.#token;
      this.#expect(':');
      const text = field.type === 'escaped' ? field.text.slice(1, -1) : field.text;
      const value = this.#expression();
      fields.push({ id: this.#nodes.id(), offset: colon.offset, name: text, value, optional });
    });
    return { type: 'struct', id: this.#nodes.id(), offset, name: qualifiedName(name) ?? '', fields };
  }

  /** Elements with commas between, one more allowed at the end. */
  #sequence(close: string, element: () => void): void {
    if (this.#is(',') && this.#is(close, 1)) this.#next();
    while (!this.#take(close)) {
      element();
      if (this.#take(',')) {
        if (this.#is(',')) this.#mismatched(`'${close}'`);
        continue;
      }
      if (this.#token.type === 'end') this.#mismatched(`{'${close}', ','}`);
      this.#expect(close);
      return;
    }
  }
}

const noOperand = ({ offset }: Token): Issue => ({
  offset,
  message: "Syntax error: no viable alternative at input '-'",
});

function negated(value: LiteralValue): LiteralValue {
  if (value.kind === 'int') return { kind: 'int', value: -value.value };
  return value.kind === 'double' ? { kind: 'double', value: -value.value } : value;
}
