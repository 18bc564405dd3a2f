/** An expression that cannot be compiled, or has no value. The message is for who wrote it. */
export class CelError extends Error {
  override readonly name = 'CelError';
  /** Where in the text, for compile errors: an offset in UTF-16 units. */
  readonly offset: number | undefined;

  constructor(message: string, offset?: number) {
    super(message);
    this.offset = offset;
  }
}

/** A compile error as cel-go prints it: place, message, and the line with a mark under the place. */
export function describeAt(source: string, error: CelError): string {
  const before = source.slice(0, error.offset ?? 0);
  const line = before.split('\n').length;
  const column = before.length - (before.lastIndexOf('\n') + 1);
  const text = source.split('\n')[line - 1] ?? '';
  return `ERROR: <input>:${line}:${column + 1}: ${error.message}\n | ${text}\n | ${'.'.repeat(column)}^`;
}
