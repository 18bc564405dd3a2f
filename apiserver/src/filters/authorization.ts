import { StatusError } from '@coracle/apimachinery/errors';
import type { AuthorizationAttributes, AuthorizationDecision, Authorizer } from '../auth/authorizer.ts';
import type { UserInfo } from '../http/api-request.ts';
import type { Filter } from './filter.ts';
import type { RequestInfo } from './request-info.ts';

/** The answer of an authorizer that knows nothing about a request. */
export const noOpinion: AuthorizationDecision = { decision: 'no-opinion', reason: '' };

/** Asks the authorizer about the request as a whole; anything but `allow` is 403. */
export function authorizationFilter(authorizer: Authorizer): Filter {
  return async (context, next) => {
    const attributes = attributesOf(context.info, context.user);
    let decision = authorizer.authorize(attributes);
    if (decision instanceof Promise) decision = await decision;
    const allowed = decision.decision === 'allow';
    if (context.audit !== undefined) {
      context.annotations.set('authorization.k8s.io/decision', allowed ? 'allow' : 'forbid');
      context.annotations.set('authorization.k8s.io/reason', decision.reason);
    }
    if (!allowed) throw forbiddenRequest(attributes, decision.reason);
    return next(context);
  };
}

/**
 * Asks several authorizers in order; the first that does not abstain decides. Where all abstain, each one's reason carries its
 * name (pkg/authorization/union).
 */
export function authorizerChain(authorizers: readonly Authorizer[]): Authorizer {
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
    async rulesFor(user, namespace) {
      const all = await Promise.all(authorizers.map((authorizer) => authorizer.rulesFor?.(user, namespace)));
      const known = all.filter((rules) => rules !== undefined);
      const errors = known.flatMap((rules) => (rules.evaluationError === undefined ? [] : [rules.evaluationError]));
      return {
        resourceRules: known.flatMap((rules) => rules.resourceRules),
        nonResourceRules: known.flatMap((rules) => rules.nonResourceRules),
        incomplete: known.length < all.length || known.some((rules) => rules.incomplete),
        ...(errors.length === 0 ? {} : { evaluationError: errors.join(', ') }),
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
    ...(errors.length === 0 ? {} : { evaluationError: errors.length === 1 ? errors[0] : `[${errors.join(', ')}]` }),
  };
}

export function attributesOf(info: RequestInfo, user: UserInfo): AuthorizationAttributes {
  return {
    user,
    verb: info.verb,
    isResourceRequest: info.isResourceRequest,
    namespace: info.namespace,
    apiGroup: info.group,
    apiVersion: info.version,
    resource: info.resource,
    subresource: info.subresource,
    name: info.name,
    path: info.path,
    ...(info.fieldSelector === undefined ? {} : { fieldSelector: info.fieldSelector }),
    ...(info.labelSelector === undefined ? {} : { labelSelector: info.labelSelector }),
  };
}

/** Upstream's wording of a refusal, see k8s.io/apiserver pkg/endpoints/handlers/responsewriters/errors.go. */
export function forbiddenRequest(attributes: AuthorizationAttributes, reason: string): StatusError {
  const what = sanitize(forbiddenMessage(attributes));
  const text = reason === '' ? what : `${what}: ${reason}`;
  const qualified = attributes.apiGroup === '' ? attributes.resource : `${attributes.resource}.${attributes.apiGroup}`;
  const subject = attributes.name === '' ? qualified : `${qualified} ${JSON.stringify(attributes.name)}`;
  const message = attributes.resource === '' ? `forbidden: ${text}` : `${subject} is forbidden: ${text}`;
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason: 'Forbidden',
    details: {
      ...(attributes.name === '' ? {} : { name: attributes.name }),
      ...(attributes.apiGroup === '' ? {} : { group: attributes.apiGroup }),
      ...(attributes.resource === '' ? {} : { kind: attributes.resource }),
    },
    code: 403,
  });
}

function forbiddenMessage(attributes: AuthorizationAttributes): string {
  const user = JSON.stringify(attributes.user.username);
  if (!attributes.isResourceRequest) {
    return `User ${user} cannot ${attributes.verb} path ${JSON.stringify(attributes.path)}`;
  }
  const resource =
    attributes.subresource === '' ? attributes.resource : `${attributes.resource}/${attributes.subresource}`;
  const what = `User ${user} cannot ${attributes.verb} resource "${resource}" in API group "${attributes.apiGroup}"`;
  return attributes.namespace === ''
    ? `${what} at the cluster scope`
    : `${what} in the namespace "${attributes.namespace}"`;
}

/** Keeps an echoed path from looking like HTML. */
function sanitize(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
