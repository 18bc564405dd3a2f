import { CelError, type RegexCompiler } from '@coracle/apimachinery/cel';
import { compilePattern } from '../../patterns/index.ts';

/** Patterns of expressions; what is wrong with one is an error of the expression. */
export const compileRegex: RegexCompiler = (source) => {
  const pattern = asCelError(() => compilePattern(source));
  return {
    test: (text) => asCelError(() => pattern.test(text)),
    find: (text) => asCelError(() => pattern.findAll(text)[0]),
    findAll: (text) => asCelError(() => pattern.findAll(text)),
  };
};

function asCelError<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new CelError((error as Error).message);
  }
}
