import type { LiteralValue } from './ast.ts';
import { unescapeString } from './string-literals.ts';

export interface Token {
  readonly type: 'punctuation' | 'identifier' | 'escaped' | 'keyword' | 'literal' | 'end';
  /** As it stands in the source. */
  readonly text: string;
  /** In code points. */
  readonly offset: number;
  /** Of literals; undefined for one that says no value. */
  readonly value?: LiteralValue;
  /** Why a literal has no value. */
  readonly problem?: string;
}

export interface Tokens {
  readonly tokens: readonly Token[];
  readonly issues: readonly { readonly offset: number; readonly message: string }[];
}

const whitespace = /(?:[ \t\r\n\f]|\/\/[^\n]*)+/y;
const number = /0[xX][0-9a-fA-F]+[uU]?|\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?|\d+[uU]?/y;
const identifier = /[_a-zA-Z][_a-zA-Z0-9]*/y;
const escapedIdentifier = /`[a-zA-Z0-9_.\-/ ]+`/y;
const escape = String.raw`\\(?:[abfnrtv\\'"${'`'}?]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2})`;
const string = new RegExp(
  [
    String.raw`[bB]?[rR](?:"""[^]*?"""|'''[^]*?'''|"[^"\n\r]*"|'[^'\n\r]*')`,
    String.raw`[bB]?"""(?:${escape}|[^\\])*?"""`,
    String.raw`[bB]?'''(?:${escape}|[^\\])*?'''`,
    String.raw`[bB]?"(?:${escape}|[^\\"\n\r])*"`,
    String.raw`[bB]?'(?:${escape}|[^\\'\n\r])*'`,
  ].join('|'),
  'y',
);
/** What begins a string that does not end well. */
const brokenString = new RegExp(
  String.raw`[bBrR]{0,2}(?:"(?:${escape}|[^\\"\n\r])*|'(?:${escape}|[^\\'\n\r])*)(?:\\?[^]?)`,
  'y',
);
const punctuation = /&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()[\]{}]/y;
/** The first half of an operator of two characters. */
const halfOperator = /[=&|][^]?/y;
const keywords: ReadonlySet<string> = new Set(['in', 'true', 'false', 'null']);

/** Cuts an expression into tokens; what is none is an issue. */
export function tokenize(source: string): Tokens {
  const tokens: Token[] = [];
  const issues: { offset: number; message: string }[] = [];
  const codePoints = codePointOffsets(source);
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  for (;;) {
    at += match(whitespace)?.length ?? 0;
    const offset = codePoints(at);
    if (at >= source.length) {
      tokens.push({ type: 'end', text: '<EOF>', offset });
      return { tokens, issues };
    }
    const token = readToken(match, offset);
    if (token === undefined) {
      const text = match(brokenString) ?? match(halfOperator) ?? String.fromCodePoint(source.codePointAt(at) as number);
      issues.push({ offset, message: `Syntax error: token recognition error at: '${text}'` });
      at += text.length;
    } else {
      tokens.push(token);
      at += token.text.length;
    }
  }
}

function readToken(match: (pattern: RegExp) => string | undefined, offset: number): Token | undefined {
  const quoted = match(string);
  if (quoted !== undefined) return { type: 'literal', text: quoted, offset, ...unescapeString(quoted) };
  const digits = match(number);
  if (digits !== undefined) return { type: 'literal', text: digits, offset, value: readNumber(digits) };
  const name = match(identifier);
  if (name !== undefined) return { type: keywords.has(name) ? 'keyword' : 'identifier', text: name, offset };
  const escaped = match(escapedIdentifier);
  if (escaped !== undefined) return { type: 'escaped', text: escaped, offset };
  const mark = match(punctuation);
  return mark === undefined ? undefined : { type: 'punctuation', text: mark, offset };
}

/** From UTF-16 units to code points. */
function codePointOffsets(source: string): (at: number) => number {
  if (!/[\ud800-\udbff]/.test(source)) return (at) => at;
  return (at) => Array.from(source.slice(0, at)).length;
}

/** Ranges are checked where the sign is known. */
function readNumber(text: string): LiteralValue {
  if (/^0[xX]/.test(text) || /^\d+[uU]?$/.test(text)) {
    if (/[uU]$/.test(text)) return { kind: 'uint', value: BigInt(text.slice(0, -1)) };
    return { kind: 'int', value: BigInt(text) };
  }
  return { kind: 'double', value: Number(text) };
}
