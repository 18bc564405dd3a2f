import { headerKey, headerText } from './header-text.ts';

/** Who somebody is, as headers tell it. */
export interface Identity {
  readonly username: string;
  readonly uid?: string | undefined;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** A header for each value: `impersonate-user`, … with the prefix `impersonate`, `x-remote-user`, … with that of a front proxy. */
export function identityHeaders(
  prefix: string,
  { username, uid, groups, extra }: Identity,
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { [`${prefix}-user`]: headerText(username) };
  if (uid !== undefined) headers[`${prefix}-uid`] = headerText(uid);
  if (groups.length > 0) headers[`${prefix}-group`] = groups.map(headerText);
  for (const [key, values] of Object.entries(extra)) {
    headers[`${prefix}-extra-${headerKey(key)}`] = values.map(headerText);
  }
  return headers;
}
