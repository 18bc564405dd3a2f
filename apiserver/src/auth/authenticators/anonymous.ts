import type { Authenticator } from '../authenticator.ts';

const anonymous = {
  user: { username: 'system:anonymous', groups: ['system:unauthenticated'], extra: {} },
};

/** Whoever shows no credential. RBAC lets them see `/livez`, `/readyz`, `/healthz` and `/version`. */
export const anonymousAuthenticator: Authenticator = {
  name: 'anonymous',
  lastResort: true,
  authenticate: () => anonymous,
};
