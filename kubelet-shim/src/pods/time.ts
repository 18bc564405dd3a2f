/** `metav1.Time` on the wire: RFC 3339 in whole seconds. */
export function toTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

export function fromTime(text: string): number {
  return Date.parse(text);
}
