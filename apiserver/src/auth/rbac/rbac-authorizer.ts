import type { PolicyRule } from '@coracle/apimachinery/types/rbac-v1';
import type { UserInfo } from '../../http/api-request.ts';
import type { Readers } from '../../registry/readers.ts';
import { aggregate, noOpinion } from '../authorization/authorizer-chain.ts';
import type { AuthorizationAttributes, AuthorizationDecision, Authorizer, UserRules } from '../authorizer.ts';
import { describeGrant, PolicyIndex } from './policy-index.ts';
import { ruleAllows } from './rules.ts';

/** Roles and bindings decide (upstream plugin/pkg/auth/authorizer/rbac). Always answers at once. */
export class RbacAuthorizer implements Authorizer {
  readonly name = 'rbac';
  readonly #policy: PolicyIndex;

  constructor(readers: Readers, signal: AbortSignal) {
    this.#policy = new PolicyIndex(readers, signal);
  }

  ready(): Promise<void> {
    return this.#policy.ready();
  }

  authorize(attributes: AuthorizationAttributes): AuthorizationDecision {
    const errors: string[] = [];
    let reason = '';
    const allowed = this.#policy.visit(
      attributes.user,
      attributes.namespace,
      ({ rules, grant }) => {
        if (!rules.some((rule) => ruleAllows(rule, attributes))) return false;
        reason = `RBAC: allowed by ${describeGrant(grant)}`;
        return true;
      },
      errors,
    );
    if (allowed) return { decision: 'allow', reason };
    if (errors.length === 0) return noOpinion;
    return { decision: 'no-opinion', reason: `RBAC: ${aggregate(errors)}` };
  }

  async rulesFor(user: UserInfo, namespace: string): Promise<UserRules> {
    const errors: string[] = [];
    const held: PolicyRule[] = [];
    this.#policy.visit(
      user,
      namespace,
      ({ rules }) => {
        held.push(...rules);
        return false;
      },
      errors,
    );
    return {
      resourceRules: held.flatMap(({ verbs, apiGroups = [], resources = [], resourceNames }) =>
        resources.length === 0 ? [] : [{ verbs, apiGroups, resources, ...(resourceNames && { resourceNames }) }],
      ),
      nonResourceRules: held.flatMap(({ verbs, nonResourceURLs = [] }) =>
        nonResourceURLs.length === 0 ? [] : [{ verbs, nonResourceURLs }],
      ),
      incomplete: false,
      ...(errors.length === 0 ? {} : { evaluationError: aggregate(errors) }),
    };
  }
}
