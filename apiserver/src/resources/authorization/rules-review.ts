import { badRequest } from '@coracle/apimachinery/errors';
import type { SelfSubjectRulesReview } from '@coracle/apimachinery/types/authorization-v1';
import type { Strategy } from '../../registry/strategy.ts';

/** `kubectl auth can-i --list`: upstream pkg/registry/authorization/selfsubjectrulesreview. */
export const selfSubjectRulesReviewStrategy: Strategy<SelfSubjectRulesReview> = {
  resource: { group: 'authorization.k8s.io', resource: 'selfsubjectrulesreviews' },
  validateName: () => [],
  async answer(review, { user, authorizer }) {
    const namespace = review.spec?.namespace;
    if (!namespace) throw badRequest('no namespace on request');
    const rules = await authorizer.rulesFor?.(user, namespace);
    return {
      ...review,
      metadata: {},
      // As upstream: the answer does not repeat the question.
      spec: {},
      status: {
        resourceRules: rules?.resourceRules ?? [],
        nonResourceRules: rules?.nonResourceRules ?? [],
        incomplete: rules?.incomplete ?? true,
        ...(rules?.evaluationError === undefined ? {} : { evaluationError: rules.evaluationError }),
      },
    };
  },
};
