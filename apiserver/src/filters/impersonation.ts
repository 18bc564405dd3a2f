import { StatusError } from '@coracle/apimachinery/errors';
import type { AuthorizationAttributes, Authorizer } from '../auth/authorizer.ts';
import type { UserInfo } from '../http/api-request.ts';
import { forbiddenRequest } from './authorization.ts';
import type { Filter } from './filter.ts';

const userHeader = 'impersonate-user';
const uidHeader = 'impersonate-uid';
const groupHeader = 'impersonate-group';
const extraPrefix = 'impersonate-extra-';

/** Lets a caller act as somebody else where the authorizer allows `impersonate` on every part asked for. */
export function impersonationFilter(authorizer: Authorizer): Filter {
  return async (context, next) => {
    const { headers } = context.request;
    const wanted = wantedUser(headers);
    if (wanted === undefined) return next(context);
    for (const attributes of checksFor(context.user, wanted)) {
      const decision = await authorizer.authorize(attributes);
      if (decision.decision !== 'allow') throw forbiddenRequest(attributes, decision.reason);
    }
    context.user = withImplicitGroups(wanted);
    context.audit?.setImpersonated(context.user, '');
    return next(context);
  };
}

function wantedUser(headers: Readonly<Record<string, string | undefined>>): UserInfo | undefined {
  const username = headers[userHeader];
  const uid = headers[uidHeader];
  const groups = splitHeader(headers[groupHeader]);
  const extra: Record<string, string[]> = {};
  for (const name in headers) {
    if (name.startsWith(extraPrefix)) {
      extra[decodeURIComponent(name.slice(extraPrefix.length))] = splitHeader(headers[name]);
    }
  }
  const more = uid !== undefined || groups.length > 0 || Object.keys(extra).length > 0;
  if (username === undefined || username === '') {
    if (!more) return undefined;
    throw new StatusError({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Internal error occurred: requested impersonation without impersonating a user',
      reason: 'InternalError',
      details: { causes: [{ message: 'requested impersonation without impersonating a user' }] },
      code: 500,
    });
  }
  return { username, ...(uid === undefined ? {} : { uid }), groups, extra };
}

function splitHeader(value: string | undefined): string[] {
  if (value === undefined || value === '') return [];
  return value.split(',').map((part) => part.trim());
}

const serviceAccountPrefix = 'system:serviceaccount:';

/** One authorization question per user, uid, group and extra value. */
function checksFor(user: UserInfo, wanted: UserInfo): AuthorizationAttributes[] {
  const base = {
    user,
    verb: 'impersonate',
    isResourceRequest: true,
    namespace: '',
    apiGroup: '',
    apiVersion: 'v1',
    subresource: '',
    path: '',
  };
  const authentication = { ...base, apiGroup: 'authentication.k8s.io' };
  const checks: AuthorizationAttributes[] = [];
  const account = serviceAccountOf(wanted.username);
  if (account === undefined) checks.push({ ...base, resource: 'users', name: wanted.username });
  else checks.push({ ...base, resource: 'serviceaccounts', ...account });
  if (wanted.uid !== undefined) checks.push({ ...authentication, resource: 'uids', name: wanted.uid });
  for (const group of wanted.groups) checks.push({ ...base, resource: 'groups', name: group });
  for (const [key, values] of Object.entries(wanted.extra)) {
    for (const value of values) {
      checks.push({ ...authentication, resource: 'userextras', subresource: key, name: value });
    }
  }
  return checks;
}

function serviceAccountOf(username: string): { namespace: string; name: string } | undefined {
  if (!username.startsWith(serviceAccountPrefix)) return undefined;
  const [namespace, name, ...rest] = username.slice(serviceAccountPrefix.length).split(':');
  return namespace && name && rest.length === 0 ? { namespace, name } : undefined;
}

function withImplicitGroups(user: UserInfo): UserInfo {
  if (user.username === 'system:anonymous') {
    return user.groups.length > 0 ? user : { ...user, groups: ['system:unauthenticated'] };
  }
  const account = serviceAccountOf(user.username);
  const implied =
    account !== undefined && user.groups.length === 0
      ? ['system:serviceaccounts', `system:serviceaccounts:${account.namespace}`]
      : [];
  const groups = [...user.groups, ...implied];
  if (!groups.includes('system:authenticated')) groups.push('system:authenticated');
  return { ...user, groups };
}
