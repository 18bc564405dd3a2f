import { CelError, type Regex, type RegexCompiler } from '@coracle/apimachinery/cel';
import { RE2JS } from 're2js';

const patternsMax = 1024;
const patterns = new Map<string, Regex>();

/** RE2 patterns: no expression of a user can hold the server up by backtracking. */
export const compileRegex: RegexCompiler = (pattern) => {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  const made = wrap(pattern);
  if (patterns.size >= patternsMax) patterns.clear();
  patterns.set(pattern, made);
  return made;
};

function wrap(pattern: string): Regex {
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (error) {
    throw new CelError(`error parsing regexp: ${error instanceof Error ? error.message : String(error)}`);
  }
  const findAll = (text: string): string[] => {
    const found: string[] = [];
    const matcher = compiled.matcher(text);
    while (matcher.find()) found.push(matcher.group() ?? '');
    return found;
  };
  return {
    test: (text) => compiled.matcher(text).find(),
    find: (text) => findAll(text)[0],
    findAll,
  };
}
