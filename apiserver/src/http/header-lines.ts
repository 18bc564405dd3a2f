import { keyOfHeader, textOfHeader } from '@coracle/apimachinery/headers';
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
    if (rawHeaders[index]?.toLowerCase() === name) lines.push(textOfHeader(rawHeaders[index + 1] ?? ''));
  }
  return lines;
}

/** The line that counts where a header is to be sent once: the first, as Go's `Header.Get`. Empty where there is none. */
export function firstHeaderLine(request: Sent, name: string): string {
  return headerLines(request, name)[0] ?? '';
}

/** Lines of the headers whose name begins with a prefix, by the rest of the name, which may be percent-encoded. */
export function headerLinesByKey(request: Sent, ...prefixes: readonly string[]): Record<string, readonly string[]> {
  const lines = new Map<string, readonly string[]>();
  for (const prefix of prefixes) {
    for (const name in request.headers) {
      if (!name.startsWith(prefix)) continue;
      const key = keyOfHeader(name.slice(prefix.length));
      lines.set(key, [...(lines.get(key) ?? []), ...headerLines(request, name)]);
    }
  }
  return Object.fromEntries(lines);
}
