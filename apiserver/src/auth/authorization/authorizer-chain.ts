import type { AuthorizationAttributes, AuthorizationDecision, Authorizer } from '../authorizer.ts';

/** The answer of an authorizer that knows nothing about a request. */
export const noOpinion: AuthorizationDecision = { decision: 'no-opinion', reason: '' };

/** The answer of an authorizer that allows a request and gives no reason. */
export const allowed: AuthorizationDecision = { decision: 'allow', reason: '' };

/**
 * Asks several authorizers in order; the first that does not abstain decides. Where all abstain, each one's reason carries its
 * name (pkg/authorization/union).
 */
export function authorizerChain(authorizers: readonly Authorizer[]): Required<Authorizer> {
  return {
    name: 'chain',
    authorize(attributes) {
      const abstained: Abstention[] = [];
      for (let index = 0; index < authorizers.length; index++) {
        const authorizer = authorizers[index] as Authorizer;
        const answer = authorizer.authorize(attributes);
        if (answer instanceof Promise) return finishChain(authorizers, index, answer, attributes, abstained);
        if (answer.decision !== 'no-opinion') return answer;
        if (answer !== noOpinion) abstained.push({ name: authorizer.name, answer });
      }
      return abstained.length === 0 ? noOpinion : nobodyDecides(abstained);
    },
    ready: async () => {
      await Promise.all(authorizers.map((each) => each.ready?.()));
    },
    async rulesFor(user, namespace) {
      const all = await Promise.all(authorizers.map((authorizer) => authorizer.rulesFor?.(user, namespace)));
      const known = all.filter((rules) => rules !== undefined);
      const errors = known.flatMap((rules) => (rules.evaluationError === undefined ? [] : [rules.evaluationError]));
      return {
        resourceRules: known.flatMap((rules) => rules.resourceRules),
        nonResourceRules: known.flatMap((rules) => rules.nonResourceRules),
        incomplete: known.length < all.length || known.some((rules) => rules.incomplete),
        ...(errors.length === 0 ? {} : { evaluationError: aggregate(errors) }),
      };
    },
  };
}

async function finishChain(
  authorizers: readonly Authorizer[],
  from: number,
  pending: Promise<AuthorizationDecision>,
  attributes: AuthorizationAttributes,
  abstained: Abstention[],
): Promise<AuthorizationDecision> {
  let answer = await pending;
  for (let index = from; ; ) {
    if (answer.decision !== 'no-opinion') return answer;
    abstained.push({ name: authorizers[index]?.name ?? '', answer });
    const next = authorizers[++index];
    if (next === undefined) return nobodyDecides(abstained);
    answer = await next.authorize(attributes);
  }
}

interface Abstention {
  readonly name: string;
  readonly answer: AuthorizationDecision;
}

function nobodyDecides(abstained: readonly Abstention[]): AuthorizationDecision {
  const reasons = abstained.filter(({ answer }) => answer.reason !== '');
  const errors = abstained.flatMap(({ answer }) => answer.evaluationError ?? []);
  return {
    decision: 'no-opinion',
    reason: reasons.map(({ name, answer }) => `${name}: ${answer.reason}`).join('\n'),
    ...(errors.length === 0 ? {} : { evaluationError: aggregate(errors) }),
  };
}

/** Several errors as Go's aggregate prints them. */
export function aggregate(errors: readonly string[]): string {
  const distinct = [...new Set(errors)];
  return distinct.length === 1 ? (distinct[0] as string) : `[${distinct.join(', ')}]`;
}
