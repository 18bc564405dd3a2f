/** A regular expression in RE2's syntax, made by whoever has an engine for it. Throws CelError for a bad pattern. */
export type RegexCompiler = (pattern: string) => Regex;

export interface Regex {
  /** True where the pattern is found anywhere. */
  test(text: string): boolean;
  find(text: string): string | undefined;
  findAll(text: string): string[];
}
