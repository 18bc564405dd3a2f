const needsEscape = /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;
const escapable = /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** Quotes a string the way Go's `%q` does: what upstream's messages do with every value that is a string. */
export function quote(text: string): string {
  return needsEscape.test(text) ? `"${text.replace(escapable, escapeCharacter)}"` : `"${text}"`;
}

function escapeCharacter(character: string): string {
  const short = shortEscapes[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd';
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

const htmlCharacters: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

const htmlCharacter = /[<>&\u2028\u2029]/;
const htmlCharactersAll = /[<>&\u2028\u2029]/g;

/** JSON as Go's encoder prints it: no spaces, `<`, `>` and `&` escaped, absent values as null. */
export function goJson(value: unknown): string {
  const text =
    typeof value === 'string'
      ? JSON.stringify(value)
      : (JSON.stringify(value, (_key, item) => printable(item)) ?? 'null');
  return htmlCharacter.test(text)
    ? text.replace(htmlCharactersAll, (character) => htmlCharacters[character] as string)
    : text;
}

function printable(item: unknown): unknown {
  if (typeof item === 'bigint') return Number(item);
  return isStringMap(item) ? Object.fromEntries(Object.entries(item).sort(byKey)) : item;
}

/**
 * Labels, annotations and their like: Go prints their keys in order, those of structures as declared. A structure of nothing
 * but strings is told from a map by having no prototype (see `goStruct` of the API server).
 */
function isStringMap(item: unknown): item is Readonly<Record<string, string>> {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return false;
  if (Object.getPrototypeOf(item) === null) return false;
  return Object.values(item).every((value) => typeof value === 'string');
}

function byKey([left]: readonly [string, string], [right]: readonly [string, string]): number {
  return left < right ? -1 : Number(left > right);
}
