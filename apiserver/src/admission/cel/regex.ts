import { CelError, type Regex, type RegexCompiler } from '@coracle/apimachinery/cel';
import { compilePattern, type Pattern } from '../../patterns/index.ts';

const known = new WeakMap<Pattern, Regex>();

/** Patterns of expressions; what is wrong with one is an error of the expression. */
export const compileRegex: RegexCompiler = (source) => {
  const pattern = asCelError(() => compilePattern(source));
  let regex = known.get(pattern);
  if (regex === undefined) {
    regex = regexOf(pattern);
    known.set(pattern, regex);
  }
  return regex;
};

function regexOf(pattern: Pattern): Regex {
  return {
    test: (text) => asCelError(() => pattern.test(text)),
    find: (text) => asCelError(() => pattern.find(text)),
    findAll: (text) => asCelError(() => pattern.findAll(text)),
  };
}

function asCelError<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new CelError((error as Error).message);
  }
}
