import type { Environment } from '@coracle/apimachinery/component';
import { headerText } from '@coracle/apimachinery/headers';
import type { Filter } from './filter.ts';
import { newUuid } from '../registry/uuid.ts';

/** Texts longer than this are cut, and all texts of one answer together as well: upstream's warning limits, in bytes. */
export const warningTextBytesMax = 256;
export const warningTotalBytesMax = 4 * 1024;

/** Adds `Audit-Id`, `Cache-Control`, the headers of flow control and the collected `Warning` texts to every answer. */
export function responseHeadersFilter(environment: Environment): Filter {
  return async (context, next) => {
    context.auditId = context.request.headers['audit-id'] ?? newUuid(environment.random);
    const response = await next(context);
    const headers: Record<string, string> = {
      'audit-id': context.auditId,
      'cache-control': 'no-cache, private',
      ...context.flowHeaders,
      ...response.headers,
    };
    const warnings = context.warnings.texts;
    if (warnings.length > 0) headers['warning'] = warningHeader(warnings);
    return { ...response, headers };
  };
}

/** `299 - "text"`, comma separated; texts are cut where together they would be too long. */
export function warningHeader(texts: readonly string[]): string {
  const total = texts.reduce((sum, text) => sum + text.length, 0);
  const cut = total > warningTotalBytesMax;
  const parts: string[] = [];
  let used = 0;
  for (const text of texts) {
    const shown = cut ? text.slice(0, warningTextBytesMax) : text;
    if (used + shown.length > warningTotalBytesMax) break;
    used += shown.length;
    parts.push(`299 - ${quoteWarning(shown)}`);
  }
  return parts.join(', ');
}

/** A quoted-string of RFC 9110; control characters would break the header. */
function quoteWarning(text: string): string {
  const printable = text.replaceAll(/[\x00-\x1f\x7f]+/g, ' ').trim();
  const escaped = printable.replaceAll(/[\\"]/g, (character) => `\\${character}`);
  return `"${headerText(escaped)}"`;
}
