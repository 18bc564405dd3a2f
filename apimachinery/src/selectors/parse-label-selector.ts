import { fieldErrorText, field } from '../errors/index.ts';
import { compareText } from '../json/index.ts';
import { qualifiedName } from '../validation/index.ts';
import {
  everyLabel,
  type LabelOperator,
  type LabelRequirement,
  LabelSelector,
  labelRequirement,
} from './label-selector.ts';

type TokenType =
  | ')'
  | ','
  | '!'
  | '=='
  | '='
  | '>'
  | 'in'
  | '<'
  | '!='
  | 'notin'
  | '('
  | 'end'
  | 'identifier'
  | 'error';

interface Token {
  readonly type: TokenType;
  readonly literal: string;
}

const keywords: Readonly<Record<string, TokenType>> = {
  ')': ')',
  ',': ',',
  '!': '!',
  '==': '==',
  '=': '=',
  '>': '>',
  in: 'in',
  '<': '<',
  '!=': '!=',
  notin: 'notin',
  '(': '(',
};

const operators: Readonly<Partial<Record<TokenType, LabelOperator>>> = {
  in: 'in',
  notin: 'notin',
  '=': '=',
  '==': '==',
  '!=': '!=',
  '>': 'gt',
  '<': 'lt',
};

const binaryOperators = 'in, notin, =, ==, !=, gt, lt';
const whitespace = /[ \t\r\n]/;
const special = /[=!(),<>]/;

/**
 * Reads the text form of a label selector: `a=b,c in (d, e),!f,g>3`. Throws an Error with upstream's text
 * (apimachinery/pkg/labels.Parse). Time is linear in the length of the text.
 */
export function parseLabelSelector(text: string): LabelSelector {
  if (text === '') return everyLabel;
  const requirements = new Parser(tokensOf(text)).parse();
  requirements.sort((a, b) => compareText(a.key, b.key));
  return requirements.length === 0 ? everyLabel : new LabelSelector(requirements);
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  while (position < text.length) {
    const character = text[position] as string;
    if (whitespace.test(character)) {
      position++;
    } else if (special.test(character)) {
      const pair = text.slice(position, position + 2);
      const literal = pair === '==' || pair === '!=' ? pair : character;
      tokens.push({ type: keywords[literal] as TokenType, literal });
      position += literal.length;
    } else {
      const start = position;
      while (position < text.length && !/[ \t\r\n=!(),<>]/.test(text[position] as string)) position++;
      const literal = text.slice(start, position);
      tokens.push({
        type: Object.hasOwn(keywords, literal) ? (keywords[literal] as TokenType) : 'identifier',
        literal,
      });
    }
  }
  tokens.push({ type: 'end', literal: '' });
  return tokens;
}

/** Recursive descent over the tokens; `in` and `notin` are ordinary words wherever an operator cannot stand. */
class Parser {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    for (;;) {
      const next = this.#peek();
      if (next.type === 'end') return requirements;
      if (next.type !== 'identifier' && next.type !== '!') {
        throw new Error(`found '${next.literal}', expected: !, identifier, or 'end of string'`);
      }
      requirements.push(this.#requirementOrExplain());
      const separator = this.#take();
      if (separator.type === 'end') return requirements;
      if (separator.type !== ',') throw new Error(`found '${separator.literal}', expected: ',' or 'end of string'`);
      const after = this.#peek();
      if (after.type !== 'identifier' && after.type !== '!') {
        throw new Error(`found '${after.literal}', expected: identifier after ','`);
      }
    }
  }

  #peek(asOperator = false): Token {
    const token = this.#tokens[Math.min(this.#position, this.#tokens.length - 1)] as Token;
    return asOperator || (token.type !== 'in' && token.type !== 'notin') ? token : { ...token, type: 'identifier' };
  }

  #take(asOperator = false): Token {
    const token = this.#peek(asOperator);
    this.#position++;
    return token;
  }

  #requirementOrExplain(): LabelRequirement {
    try {
      return this.#requirement();
    } catch (error) {
      throw new Error(`unable to parse requirement: ${(error as Error).message}`);
    }
  }

  #requirement(): LabelRequirement {
    const absent = this.#peek().type === '!';
    if (absent) this.#take();
    const key = this.#take();
    if (key.type !== 'identifier') throw new Error(`found '${key.literal}', expected: identifier`);
    const problems = qualifiedName(key.literal);
    if (problems.length > 0) throw new Error(fieldErrorText(field.invalid('', key.literal, problems.join('; '))));
    if (absent) return labelRequirement(key.literal, '!', []);
    const next = this.#peek().type;
    if (next === 'end' || next === ',') return labelRequirement(key.literal, 'exists', []);
    const token = this.#take(true);
    const operator = operators[token.type];
    if (operator === undefined) throw new Error(`found '${token.literal}', expected: ${binaryOperators}`);
    const values = operator === 'in' || operator === 'notin' ? this.#values() : [this.#exactValue()];
    return labelRequirement(key.literal, operator, values);
  }

  #exactValue(): string {
    const next = this.#peek();
    if (next.type === 'end' || next.type === ',') return '';
    this.#take();
    if (next.type !== 'identifier') throw new Error(`found '${next.literal}', expected: identifier`);
    return next.literal;
  }

  /** `(a, b)`: an empty place between commas is the empty value. */
  #values(): string[] {
    const open = this.#take();
    if (open.type !== '(') throw new Error(`found '${open.literal}' expected: '('`);
    const first = this.#peek();
    if (first.type === ')') {
      this.#take();
      return [''];
    }
    if (first.type !== 'identifier' && first.type !== ',') {
      throw new Error(`found '${first.literal}', expected: ',', ')' or identifier`);
    }
    const values = this.#valueList();
    this.#take();
    return [...values].sort(compareText);
  }

  #valueList(): Set<string> {
    const values = new Set<string>();
    for (;;) {
      const token = this.#take();
      const next = this.#peek();
      if (token.type === 'identifier') {
        values.add(token.literal);
        if (next.type === ')') return values;
        if (next.type !== ',') throw new Error(`found '${next.literal}', expected: ',' or ')'`);
      } else if (token.type === ',') {
        if (values.size === 0) values.add('');
        if (next.type === ')' || next.type === ',') values.add('');
        if (next.type === ')') return values;
      } else {
        throw new Error(`found '${token.literal}', expected: ',', or identifier`);
      }
    }
  }
}
