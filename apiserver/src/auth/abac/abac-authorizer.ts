import type { UserInfo } from '../../http/api-request.ts';
import { allowed } from '../authorization/authorizer-chain.ts';
import type { AuthorizationAttributes, AuthorizationDecision, Authorizer, UserRules } from '../authorizer.ts';
import { urlCovers } from '../rbac/rules.ts';
import type { AbacPolicy } from './policy-file.ts';

const readVerbs = ['get', 'list', 'watch'];
const noPolicy: AuthorizationDecision = { decision: 'no-opinion', reason: 'No policy matched.' };

/** Policies of a file decide (upstream pkg/auth/authorizer/abac). */
export class AbacAuthorizer implements Authorizer {
  readonly name = 'abac';
  readonly #policies: readonly AbacPolicy[];

  constructor(policies: readonly AbacPolicy[]) {
    this.#policies = policies;
  }

  authorize(attributes: AuthorizationAttributes): AuthorizationDecision {
    return this.#policies.some((policy) => matches(policy, attributes)) ? allowed : noPolicy;
  }

  async rulesFor(user: UserInfo, namespace: string): Promise<UserRules> {
    const held = this.#policies.filter(
      (policy) => concerns(policy, user) && (policy.namespace === '*' || (policy.namespace ?? '') === namespace),
    );
    return {
      resourceRules: held.flatMap(({ readonly, apiGroup = '', resource }) =>
        resource ? [{ verbs: verbsOf(readonly), apiGroups: [apiGroup], resources: [resource] }] : [],
      ),
      nonResourceRules: held.flatMap(({ readonly, nonResourcePath }) =>
        nonResourcePath ? [{ verbs: verbsOf(readonly), nonResourceURLs: [nonResourcePath] }] : [],
      ),
      incomplete: false,
    };
  }
}

const verbsOf = (readonly: boolean | undefined) => (readonly ? readVerbs : ['*']);

function matches(policy: AbacPolicy, attributes: AuthorizationAttributes): boolean {
  if (!concerns(policy, attributes.user)) return false;
  if (policy.readonly && !readVerbs.includes(attributes.verb)) return false;
  if (attributes.isResourceRequest) return matchesResource(policy, attributes);
  return urlCovers(policy.nonResourcePath ?? '', attributes.path);
}

/** A policy that names both wants both; one that names neither is nobody's. */
function concerns({ user, group }: AbacPolicy, { username, groups }: UserInfo): boolean {
  if (!user && !group) return false;
  return (!user || user === username) && (!group || groups.includes(group));
}

function matchesResource(policy: AbacPolicy, { namespace, resource, apiGroup }: AuthorizationAttributes): boolean {
  const fits = (wanted: string | undefined, value: string) => wanted === '*' || (wanted ?? '') === value;
  return fits(policy.namespace, namespace) && fits(policy.resource, resource) && fits(policy.apiGroup, apiGroup);
}
