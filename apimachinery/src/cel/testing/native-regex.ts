import type { RegexCompiler } from '../index.ts';
import { CelError } from '../index.ts';

/** JavaScript's own expressions, for tests that do not look at how long they take. */
export const nativeRegex: RegexCompiler = (pattern) => {
  let expression: RegExp;
  try {
    expression = new RegExp(pattern.replace(/^\(\?i\)/, ''), pattern.startsWith('(?i)') ? 'iu' : 'u');
  } catch (error) {
    throw new CelError((error as Error).message);
  }
  return {
    test: (text) => expression.test(text),
    find: (text) => expression.exec(text)?.[0],
    findAll: (text) => text.match(new RegExp(expression.source, `${expression.flags}g`)) ?? [],
  };
};
