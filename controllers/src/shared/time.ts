/** `metav1.Time` as it is written: RFC 3339 in UTC with whole seconds. */
export function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** `metav1.MicroTime` as it is written. */
export function formatMicroTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 23)}000Z`;
}

/** Milliseconds since 1970, or undefined where there is no time. */
export function parseTime(text: string | null | undefined): number | undefined {
  if (!text) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Milliseconds of creation; 0 for an object that was never stored. */
export function createdAt(object: { metadata?: { creationTimestamp?: string | null } }): number {
  return parseTime(object.metadata?.creationTimestamp) ?? 0;
}

/** Oldest first, names break ties: upstream's `…ByCreationTimestamp`. */
export function byCreation(
  a: { metadata?: { creationTimestamp?: string | null; name?: string } },
  b: { metadata?: { creationTimestamp?: string | null; name?: string } },
): number {
  return createdAt(a) - createdAt(b) || compareText(a.metadata?.name ?? '', b.metadata?.name ?? '');
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
