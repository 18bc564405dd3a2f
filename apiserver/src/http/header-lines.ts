import type { ApiRequest } from './api-request.ts';

type Sent = Pick<ApiRequest, 'headers' | 'rawHeaders'>;

/**
 * The values of a header, one for each line it was sent in: a comma in a line separates nothing. For headers whose lines are
 * names (groups of a user), where two joined names would be another one. `name` is in lower case.
 */
export function headerLines({ headers, rawHeaders }: Sent, name: string): readonly string[] {
  const joined = headers[name];
  if (joined === undefined) return [];
  if (rawHeaders === undefined) return [joined];
  const lines: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === name) lines.push(asText(rawHeaders[index + 1] ?? ''));
  }
  return lines;
}

/** The line that counts where a header is to be sent once: the first, as Go's `Header.Get`. Empty where there is none. */
export function firstHeaderLine(request: Sent, name: string): string {
  return headerLines(request, name)[0] ?? '';
}

/**
 * Lines of the headers whose name begins with `prefix`, by the rest of the name. That rest may be percent-encoded, as it may
 * hold what a header name may not; one that is encoded badly stays as it is (Go's `url.PathUnescape`).
 */
export function headerLinesByKey(request: Sent, prefix: string): Record<string, readonly string[]> {
  const lines = new Map<string, readonly string[]>();
  for (const name in request.headers) {
    if (!name.startsWith(prefix)) continue;
    const key = unescapePath(name.slice(prefix.length));
    lines.set(key, [...(lines.get(key) ?? []), ...headerLines(request, name)]);
  }
  return Object.fromEntries(lines);
}

/** Node reads the bytes of a header as Latin-1; names are UTF-8. */
function asText(value: string): string {
  return Buffer.from(value, 'latin1').toString('utf8');
}

function unescapePath(text: string): string {
  if (!text.includes('%') || /%(?![0-9a-f]{2})/i.test(text)) return text;
  const bytes = text.replaceAll(/%([0-9a-f]{2})/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  return asText(bytes);
}
