import type { SecurityContext } from '../options.ts';
import type { Authorizer } from './authorizer.ts';
import { mastersGroup } from './authenticators/index.ts';
import { NodeAuthorizer } from './node/node-authorizer.ts';
import { RbacAuthorizer } from './rbac/rbac-authorizer.ts';

/** Everything that decides about requests, in upstream's order. */
export function createAuthorizers({ readers, signal }: SecurityContext): readonly Authorizer[] {
  return [
    mastersAuthorizer, // the way in when every role is broken
    new NodeAuthorizer(readers, signal), // cheap to abstain for those who are no node
    new RbacAuthorizer(readers, signal),
  ];
}

const allowed = { decision: 'allow', reason: '' } as const;
const noOpinion = { decision: 'no-opinion', reason: '' } as const;

const mastersAuthorizer: Authorizer = {
  name: 'kubernetes.io/system-privileged-group',
  authorize: ({ user }) => (user.groups.includes(mastersGroup) ? allowed : noOpinion),
  // RBAC says as much of the group by its binding to cluster-admin.
  rulesFor: async () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }),
};
