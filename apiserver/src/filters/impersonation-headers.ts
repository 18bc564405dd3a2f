import { badRequest } from '@coracle/apimachinery/errors';
import type { ApiRequest, UserInfo } from '../http/api-request.ts';
import { firstHeaderLine, headerLines, headerLinesByKey } from '../http/header-lines.ts';

const userHeader = 'impersonate-user';
const uidHeader = 'impersonate-uid';
const groupHeader = 'impersonate-group';
const extraPrefix = 'impersonate-extra-';

/** Whom a request wants to act as; undefined for nobody else. Throws BadRequest for parts of a user without a name. */
export function wantedUser(request: Pick<ApiRequest, 'headers' | 'rawHeaders'>): UserInfo | undefined {
  if (!asksForSomebody(request)) return undefined;
  const username = firstHeaderLine(request, userHeader);
  const uid = firstHeaderLine(request, uidHeader);
  const groups = headerLines(request, groupHeader);
  const extra = headerLinesByKey(request, extraPrefix);
  if (username !== '') return { username, ...(uid === '' ? {} : { uid }), groups, extra };
  if (uid === '' && groups.length === 0 && Object.keys(extra).length === 0) return undefined;
  throw badRequest(`requested ${goSyntax(uid, groups, extra)} without impersonating a user name`);
}

/** Hardly a request does: the others pay for one look at the names of their headers. */
function asksForSomebody({ headers }: Pick<ApiRequest, 'headers'>): boolean {
  for (const name in headers) if (name.startsWith('impersonate-')) return true;
  return false;
}

/** As upstream's message shows the user. */
function goSyntax(uid: string, groups: readonly string[], extra: Readonly<Record<string, readonly string[]>>): string {
  const list = (items: readonly string[]) => `[]string{${items.map((item) => JSON.stringify(item)).join(', ')}}`;
  const pairs = Object.entries(extra)
    .toSorted()
    .map(([key, values]) => `${JSON.stringify(key)}:${list(values)}`);
  const shownGroups = groups.length === 0 ? '[]string(nil)' : list(groups);
  const shownExtra = pairs.length === 0 ? 'map[string][]string(nil)' : `map[string][]string{${pairs.join(', ')}}`;
  return `&user.DefaultInfo{Name:"", UID:${JSON.stringify(uid)}, Groups:${shownGroups}, Extra:${shownExtra}}`;
}
