import type { UserInfo as WireUserInfo } from '@coracle/apimachinery/types/authentication-v1';
import type { UserInfo } from '../../http/api-request.ts';

/** A user as reviews and webhooks show it. */
export function userOnTheWire({ username, uid, groups, extra }: UserInfo): WireUserInfo {
  const pairs = Object.entries(extra).map(([key, values]) => [key, [...values]]);
  return {
    username,
    ...(uid ? { uid } : {}),
    groups: [...groups],
    ...(pairs.length === 0 ? {} : { extra: Object.fromEntries(pairs) as Record<string, string[]> }),
  };
}
