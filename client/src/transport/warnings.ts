/**
 * The texts of `Warning` headers (RFC 7234 5.5): `299 - "text", 299 - "text"`. Agents and dates are dropped, quoting undone.
 */
export function parseWarnings(header: string | undefined): readonly string[] {
  if (!header) return [];
  const texts: string[] = [];
  for (const match of header.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)) {
    texts.push((match[1] ?? '').replace(/\\(.)/g, '$1'));
  }
  return texts;
}
