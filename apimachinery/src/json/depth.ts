import { endOfString } from './end-of-string.ts';

/**
 * Lists and objects within each other that a JSON text may have. Upstream's decoder stops at 10,000; here everything that
 * walks an object calls itself, and more than this would not fit the stack of every walk.
 */
export const jsonDepthMax = 1000;

const quote = 0x22;

/** `JSON.parse` for what others have written: a text that nests too deep is a SyntaxError as well, in Go's words. */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) throw new SyntaxError('exceeded max depth');
  return JSON.parse(text);
}

/** Whether a JSON text nests deeper than `jsonDepthMax`. Says nothing of its syntax. */
export function isTooDeep(text: string): boolean {
  if (text.length < 2 * jsonDepthMax) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfString(text, at);
    // `[` and `{`, `]` and `}`: they differ in one bit.
    else if ((code & 0xdf) === 0x5b && ++depth > jsonDepthMax) return true;
    else if ((code & 0xdf) === 0x5d) depth--;
  }
  return false;
}
