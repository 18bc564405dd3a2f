export function plural(count: number, one: string, many: string): string {
  return count === 1 ? one : many;
}

/** `"a", "b"`. */
export function list(values: readonly string[]): string {
  return values.map((value) => `"${value}"`).join(', ');
}

export function and(parts: readonly string[]): string {
  return parts.join(' and ');
}

/** `containers "a", "b"`. */
export function containersText(names: readonly string[]): string {
  return `${plural(names.length, 'container', 'containers')} ${list(names)}`;
}
