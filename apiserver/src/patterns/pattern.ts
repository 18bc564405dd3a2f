import { RE2JS } from 're2js';

/** Regular expressions of users are RE2's, as upstream's are: none can hold the server up by going back and forth. */
export interface Pattern {
  /** Throws where the text is too long for this pattern. */
  test(text: string): boolean;
  /** What matches first; undefined where nothing does. */
  find(text: string): string | undefined;
  /** What matches, without overlaps, in order. */
  findAll(text: string): string[];
}

/** Characters of a pattern. Upstream has no limit of its own here, but a compiler that is twenty times as fast. */
const sourceCharactersMax = 64 * 1024;
/**
 * Instructions of a pattern times characters of a text: about a second. Upstream has none: a match holds up its own
 * request there, and everybody's here.
 */
const stepsMax = 1 << 25;
/** The same for all matches: looking for each may read what is left of the text. */
const allStepsMax = 1 << 26;
/** What is remembered of patterns, in instructions of about 130 bytes. */
const cachedInstructionsMax = 1 << 17;

const cache = new Map<string, Pattern>();
let cachedInstructions = 0;

/** Throws an error with Go's message where the pattern is none. */
export function compilePattern(source: string): Pattern {
  const known = cache.get(source);
  if (known !== undefined) return known;
  if (source.length > sourceCharactersMax) {
    throw new Error(`pattern of ${source.length} characters: limit is ${sourceCharactersMax}`);
  }
  const compiled = RE2JS.compile(source);
  const instructions = compiled.programSize();
  const pattern = patternOf(compiled, instructions);
  remember(source, pattern, instructions);
  return pattern;
}

function remember(source: string, pattern: Pattern, instructions: number): void {
  if (cachedInstructions + instructions > cachedInstructionsMax) {
    cache.clear();
    cachedInstructions = 0;
  }
  cache.set(source, pattern);
  cachedInstructions += instructions;
}

function patternOf(compiled: RE2JS, instructions: number): Pattern {
  const matcherOf = (text: string) => {
    if (text.length * instructions <= stepsMax) return compiled.matcher(text);
    throw new Error(`a text of ${text.length} characters is too long for a pattern of ${instructions} instructions`);
  };
  return {
    test: (text) => matcherOf(text).find(),
    find(text) {
      const matcher = matcherOf(text);
      return matcher.find() ? (matcher.group() ?? '') : undefined;
    },
    findAll(text) {
      const found: string[] = [];
      const matcher = matcherOf(text);
      let steps = 0;
      while (matcher.find()) {
        found.push(matcher.group() ?? '');
        steps += (text.length - matcher.end()) * instructions;
        if (steps > allStepsMax) throw new Error(`too many matches in a text of ${text.length} characters`);
      }
      return found;
    },
  };
}
