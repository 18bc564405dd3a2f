import type { UserInfo } from '../../http/api-request.ts';

export const authenticatedGroup = 'system:authenticated';
export const unauthenticatedGroup = 'system:unauthenticated';
export const anonymousUser = 'system:anonymous';
export const mastersGroup = 'system:masters';
export const nodesGroup = 'system:nodes';
export const nodeUserPrefix = 'system:node:';
export const serviceAccountUserPrefix = 'system:serviceaccount:';
export const serviceAccountsGroup = 'system:serviceaccounts';

/** In a user's extra: which certificate or token it showed, and the node its token is bound to. */
export const credentialIdKey = 'authentication.kubernetes.io/credential-id';
export const nodeNameKey = 'authentication.kubernetes.io/node-name';

export function withAuthenticatedGroup(user: UserInfo): UserInfo {
  if (user.groups.includes(authenticatedGroup) || user.groups.includes(unauthenticatedGroup)) return user;
  return { ...user, groups: [...user.groups, authenticatedGroup] };
}

/** The user of a service account, with the groups every one of its kind has. */
export function serviceAccountUser(
  namespace: string,
  name: string,
  uid: string,
  extra: Readonly<Record<string, readonly string[]>> = {},
): UserInfo {
  return {
    username: serviceAccountUsername(namespace, name),
    uid,
    groups: [...serviceAccountGroups(namespace), authenticatedGroup],
    extra,
  };
}

export function serviceAccountUsername(namespace: string, name: string): string {
  return `${serviceAccountUserPrefix}${namespace}:${name}`;
}

/** The groups of a service account beside that of everybody who is known. */
export function serviceAccountGroups(namespace: string): string[] {
  return [serviceAccountsGroup, `${serviceAccountsGroup}:${namespace}`];
}

/** The node that a user is; empty for a node user without a name, undefined for everybody else. */
export function nodeNameOf({ username, groups }: UserInfo): string | undefined {
  if (!username.startsWith(nodeUserPrefix) || !groups.includes(nodesGroup)) return undefined;
  return username.slice(nodeUserPrefix.length);
}
