import type { UserInfo } from '../../http/api-request.ts';

export const authenticatedGroup = 'system:authenticated';
export const mastersGroup = 'system:masters';
export const nodesGroup = 'system:nodes';
const nodeUserPrefix = 'system:node:';
const serviceAccountUserPrefix = 'system:serviceaccount:';
const serviceAccountsGroup = 'system:serviceaccounts';

/** The user of a service account, with the groups every one of its kind has. */
export function serviceAccountUser(
  namespace: string,
  name: string,
  uid: string,
  extra: Readonly<Record<string, readonly string[]>> = {},
): UserInfo {
  return {
    username: `${serviceAccountUserPrefix}${namespace}:${name}`,
    uid,
    groups: [serviceAccountsGroup, `${serviceAccountsGroup}:${namespace}`, authenticatedGroup],
    extra,
  };
}

export function serviceAccountUsername(namespace: string, name: string): string {
  return `${serviceAccountUserPrefix}${namespace}:${name}`;
}

/** The node that a user is; empty for a node user without a name, undefined for everybody else. */
export function nodeNameOf({ username, groups }: UserInfo): string | undefined {
  if (!username.startsWith(nodeUserPrefix) || !groups.includes(nodesGroup)) return undefined;
  return username.slice(nodeUserPrefix.length);
}
