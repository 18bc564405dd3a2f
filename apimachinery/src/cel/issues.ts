import { CelError } from './cel-error.ts';

/** What is wrong with an expression, and where: an offset in code points. */
export interface Issue {
  readonly offset: number;
  readonly message: string;
}

const issuesMax = 100;

/** All issues of an expression as one error, as cel-go shows them. */
export function issuesError(source: string, issues: readonly Issue[]): CelError {
  const lines = [...source.split('\n')].map((line) => [...line]);
  const placed = issues.map((issue) => ({ ...issue, ...placeOf(lines, issue.offset) }));
  // Of nothing there is no first column.
  if (source === '') return new CelError(`ERROR: <input>:1:0: ${issues[0]?.message}`);
  placed.sort((a, b) => a.line - b.line || a.column - b.column);
  const shown = placed.slice(0, issuesMax).map(({ line, column, message }) => describe(lines, line, column, message));
  if (placed.length > issuesMax) shown.push(`${placed.length - issuesMax} more errors were truncated`);
  return new CelError(shown.join('\n'));
}

function placeOf(lines: readonly (readonly string[])[], offset: number): { line: number; column: number } {
  let rest = offset;
  for (const [index, line] of lines.entries()) {
    if (rest <= line.length) return { line: index + 1, column: rest };
    rest -= line.length + 1;
  }
  return { line: lines.length, column: lines.at(-1)?.length ?? 0 };
}

/** Wide characters get wide dots, so that the mark stands under the place. */
function describe(lines: readonly (readonly string[])[], line: number, column: number, message: string): string {
  const text = (lines[line - 1] ?? []).map((each) => (each === '\t' ? ' ' : each));
  const isWide = (each: string | undefined) => each !== undefined && new TextEncoder().encode(each).length > 1;
  const dots = text.slice(0, column).map((each) => (isWide(each) ? '．' : '.'));
  const mark = isWide(text[column]) ? '＾' : '^';
  return `ERROR: <input>:${line}:${column + 1}: ${message}\n | ${text.join('')}\n | ${dots.join('')}${mark}`;
}
