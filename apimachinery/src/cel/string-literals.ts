import type { LiteralValue } from './ast.ts';

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};
const escapes = /\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([^]))/g;

/** What the text of a string or bytes literal says; escapes of bytes are bytes, escapes of strings are characters. */
export function unescapeString(literal: string): { value: LiteralValue } | { problem: string } {
  const [, prefix = '', rest = ''] = /^([bBrR]*)([^]*)$/.exec(literal) ?? [];
  const quote = rest.startsWith('"""') || rest.startsWith("'''") ? 3 : 1;
  const text = rest.slice(quote, -quote).replaceAll(/\r\n?/g, '\n');
  const [raw, isBytes] = [/[rR]/.test(prefix), /[bB]/.test(prefix)];
  if (!isBytes) {
    const problem = { problem: 'invalid unicode code point' };
    if (raw) return { value: { kind: 'string', value: text } };
    if (/\\U(?!0010|000)/.test(text.replaceAll('\\\\', ''))) return problem;
    if (/\\(?:u[dD][89a-fA-F]|U0000[dD][89a-fA-F])/.test(text.replaceAll('\\\\', ''))) return problem;
    return { value: { kind: 'string', value: text.replace(escapes, (...groups) => characterOf(groups)) } };
  }
  if (raw) return { value: { kind: 'bytes', value: new TextEncoder().encode(text) } };
  if (/\\[uU]/.test(text.replaceAll('\\\\', ''))) return { problem: 'unable to unescape string' };
  return { value: { kind: 'bytes', value: bytesOf(text) } };
}

function characterOf([, hex2, hex4, hex8, octal, simple = '']: (string | undefined)[]): string {
  const hex = hex2 ?? hex4 ?? hex8;
  if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
  if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
  return simpleEscapes[simple] ?? simple;
}

function bytesOf(text: string): Uint8Array {
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  let end = 0;
  for (const found of text.matchAll(escapes)) {
    bytes.push(...encoder.encode(text.slice(end, found.index)));
    const code = found[1] === undefined ? found[4] && Number.parseInt(found[4], 8) : Number.parseInt(found[1], 16);
    if (typeof code === 'number') bytes.push(code);
    else bytes.push(...encoder.encode(characterOf([...found])));
    end = found.index + found[0].length;
  }
  return Uint8Array.from([...bytes, ...encoder.encode(text.slice(end))]);
}
