import { badRequest } from '@coracle/apimachinery/errors';
import type { ApiRequest, UserInfo } from '../http/api-request.ts';

const userHeader = 'impersonate-user';
const uidHeader = 'impersonate-uid';
const groupHeader = 'impersonate-group';
const extraPrefix = 'impersonate-extra-';

/** Whom a request wants to act as; undefined for nobody else. Throws BadRequest for parts of a user without a name. */
export function wantedUser(headers: ApiRequest['headers']): UserInfo | undefined {
  const username = headers[userHeader] ?? '';
  const uid = headers[uidHeader] ?? '';
  const groups = valuesOf(headers[groupHeader]);
  const extra: Record<string, string[]> = {};
  for (const name in headers) {
    if (name.startsWith(extraPrefix)) extra[unescapeKey(name.slice(extraPrefix.length))] = valuesOf(headers[name]);
  }
  if (username !== '') return { username, ...(uid === '' ? {} : { uid }), groups, extra };
  if (uid === '' && groups.length === 0 && Object.keys(extra).length === 0) return undefined;
  throw badRequest(`requested ${goSyntax(uid, groups, extra)} without impersonating a user name`);
}

/** Repeated headers arrive joined. A header without a value still counts. */
function valuesOf(value: string | undefined): string[] {
  return value === undefined ? [] : value.split(',').map((part) => part.trim());
}

/** A key may hold characters that a header name may not; one that cannot be read stays as it is. */
function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** As upstream's message shows the user. */
function goSyntax(uid: string, groups: readonly string[], extra: Readonly<Record<string, readonly string[]>>): string {
  const list = (items: readonly string[]) => `[]string{${items.map((item) => JSON.stringify(item)).join(', ')}}`;
  const pairs = Object.entries(extra).map(([key, values]) => `${JSON.stringify(key)}:${list(values)}`);
  const shownGroups = groups.length === 0 ? '[]string(nil)' : list(groups);
  const shownExtra = pairs.length === 0 ? 'map[string][]string(nil)' : `map[string][]string{${pairs.join(', ')}}`;
  return `&user.DefaultInfo{Name:"", UID:${JSON.stringify(uid)}, Groups:${shownGroups}, Extra:${shownExtra}}`;
}
