import type { AuthorizationDecision, Authorizer, UserRules } from '../authorizer.ts';
import { mastersGroup } from '../authenticators/index.ts';
import { allowed, noOpinion } from './authorizer-chain.ts';

const noRules: UserRules = { resourceRules: [], nonResourceRules: [], incomplete: false };
const allRules: UserRules = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  incomplete: false,
};

/** Asked before all that is configured: the way in when every role is broken and every webhook away. */
export const mastersAuthorizer: Authorizer = {
  name: 'kubernetes.io/system-privileged-group',
  authorize: ({ user }) => (user.groups.includes(mastersGroup) ? allowed : noOpinion),
  // RBAC says as much of the group by its binding to cluster-admin.
  rulesFor: async () => noRules,
};

export const alwaysAllowAuthorizer: Authorizer = {
  name: 'alwaysallow',
  authorize: () => allowed,
  rulesFor: async () => allRules,
};

const everythingForbidden: AuthorizationDecision = { decision: 'no-opinion', reason: 'Everything is forbidden.' };

/** As upstream's it abstains: one that comes after it may still allow. */
export const alwaysDenyAuthorizer: Authorizer = {
  name: 'alwaysdeny',
  authorize: () => everythingForbidden,
  rulesFor: async () => noRules,
};
