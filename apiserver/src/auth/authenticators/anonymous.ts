import { resolveRequestInfo } from '../../filters/request-info.ts';
import type { Authenticator } from '../authenticator.ts';
import { anonymousUser, unauthenticatedGroup } from './users.ts';

const anonymous = {
  user: { username: anonymousUser, groups: [unauthenticatedGroup], extra: {} },
};

/**
 * Whoever shows no credential, on the paths that are named or on all. RBAC lets them see `/livez`, `/readyz`, `/healthz` and
 * `/version`.
 */
export function anonymousAuthenticator(paths: readonly string[] = []): Authenticator {
  return {
    name: 'anonymous',
    lastResort: true,
    authenticate: (request) =>
      paths.length === 0 || paths.includes(resolveRequestInfo(request).path) ? anonymous : undefined,
  };
}
