import { CelError } from './cel-error.ts';

export type Token =
  | { readonly type: 'punctuation'; readonly text: string; readonly offset: number }
  | { readonly type: 'identifier'; readonly text: string; readonly offset: number }
  | { readonly type: 'literal'; readonly value: LiteralValue; readonly offset: number }
  | { readonly type: 'end'; readonly offset: number };

export type LiteralValue =
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'uint'; readonly value: bigint }
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'bytes'; readonly value: Uint8Array };

const whitespace = /(?:\s|\/\/[^\n]*)+/y;
const number = /0[xX][0-9a-fA-F]+[uU]?|(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)|\d+[uU]?/y;
const identifier = /[_a-zA-Z][_a-zA-Z0-9]*/y;
const escapedIdentifier = /`[^`]+`/y;
const stringStart = /([rRbB]{0,2})("""|'''|"|')/y;
const punctuation = /\[\?|\.\?|&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()[\]{}]/y;

/** Cuts an expression into tokens. Throws CelError for text that is none. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let offset = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = offset;
    return pattern.exec(source);
  };
  for (;;) {
    offset += match(whitespace)?.[0].length ?? 0;
    if (offset >= source.length) break;
    const start = offset;
    const quoted = match(stringStart);
    if (quoted !== null) {
      const { value, end } = readString(source, offset, quoted);
      tokens.push({ type: 'literal', value, offset: start });
      offset = end;
      continue;
    }
    const digits = match(number);
    const name = match(identifier) ?? match(escapedIdentifier);
    const mark = match(punctuation);
    if (digits !== null) tokens.push({ type: 'literal', value: readNumber(digits[0], start), offset: start });
    else if (name !== null) tokens.push({ type: 'identifier', text: name[0].replaceAll('`', ''), offset: start });
    else if (mark !== null) tokens.push({ type: 'punctuation', text: mark[0], offset: start });
    else throw new CelError(`Syntax error: token recognition error at: '${source[offset]}'`, offset);
    offset += (digits ?? name ?? mark)?.[0].length ?? 1;
  }
  tokens.push({ type: 'end', offset: source.length });
  return tokens;
}

function readNumber(text: string, offset: number): LiteralValue {
  if (/[uU]$/.test(text)) return { kind: 'uint', value: BigInt(text.slice(0, -1)) };
  if (/^0[xX]/.test(text) || /^\d+$/.test(text)) {
    const value = BigInt(text);
    // The sign is an operator: the smallest int is written with a positive number that is none.
    if (value > 2n ** 63n) throw new CelError(`invalid int literal`, offset);
    return { kind: 'int', value };
  }
  return { kind: 'double', value: Number(text) };
}

function readString(source: string, offset: number, start: RegExpExecArray): { value: LiteralValue; end: number } {
  const prefix = (start[1] ?? '').toLowerCase();
  const quote = start[2] ?? '"';
  const [raw, isBytes] = [prefix.includes('r'), prefix.includes('b')];
  let text = '';
  let at = offset + start[0].length;
  while (!source.startsWith(quote, at)) {
    const character = source[at];
    if (character === undefined || (quote.length === 1 && character === '\n')) {
      throw new CelError('Syntax error: the string does not end', offset);
    }
    if (character !== '\\' || raw) {
      text += character;
      at++;
      continue;
    }
    const escape = readEscape(source, at, offset);
    text += escape.text;
    at += escape.length;
  }
  const end = at + quote.length;
  if (!isBytes) return { value: { kind: 'string', value: text }, end };
  return { value: { kind: 'bytes', value: new TextEncoder().encode(text) }, end };
}

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
  '?': '?',
};
const codeEscape = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))/y;

function readEscape(source: string, at: number, offset: number): { text: string; length: number } {
  const simple = simpleEscapes[source[at + 1] ?? ''];
  if (simple !== undefined) return { text: simple, length: 2 };
  codeEscape.lastIndex = at;
  const code = codeEscape.exec(source);
  if (code === null) throw new CelError(`Syntax error: unknown escape \\${source[at + 1] ?? ''}`, offset);
  const value =
    code[4] === undefined ? Number.parseInt(code[1] ?? code[2] ?? code[3] ?? '0', 16) : Number.parseInt(code[4], 8);
  return { text: String.fromCodePoint(value), length: code[0].length };
}
