/** Objects carry the same few moments many times: the last ones are kept. Cleared when full. */
const texts = new Map<number, string>();
const seconds = new Map<string, number>();
const entriesMax = 1024;

/** RFC 3339 of seconds since 1970, in UTC. */
export function timeText(unixSeconds: number): string {
  const known = texts.get(unixSeconds);
  if (known !== undefined) return known;
  const text = `${new Date(unixSeconds * 1000).toISOString().slice(0, 19)}Z`;
  if (texts.size >= entriesMax) texts.clear();
  texts.set(unixSeconds, text);
  return text;
}

/** RFC 3339 with six digits after the point. */
export function microTimeText(unixSeconds: number, nanos: number): string {
  const micros = String(Math.floor(nanos / 1000)).padStart(6, '0');
  return `${timeText(unixSeconds).slice(0, 19)}.${micros}Z`;
}

/** Seconds since 1970 of an RFC 3339 text; what is finer than a second is cut off. */
export function timeSeconds(text: string): number {
  const known = seconds.get(text);
  if (known !== undefined) return known;
  const value = Math.floor(Date.parse(text) / 1000);
  if (seconds.size >= entriesMax) seconds.clear();
  seconds.set(text, value);
  return value;
}

/** Whole microseconds of the fraction of an RFC 3339 text, as nanoseconds. */
export function microTimeNanos(text: string): number {
  const fraction = /\.(\d{1,6})/.exec(text)?.[1] ?? '';
  return Number(fraction.padEnd(6, '0')) * 1000;
}
