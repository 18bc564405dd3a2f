import { forbidden, quote, type StatusError } from '@coracle/apimachinery/errors';
import type { AuthorizationAttributes, Authorizer } from '../auth/authorizer.ts';
import type { AccessMetrics } from '../metrics/index.ts';
import type { ApiResponse, UserInfo } from '../http/api-request.ts';
import { textResponse } from '../negotiation/object-response.ts';
import type { Filter } from './filter.ts';
import type { RequestInfo } from './request-info.ts';

/** Asks the authorizer about the request as a whole; anything but `allow` is 403, or 500 where something went wrong on the way. */
export function authorizationFilter(authorizer: Authorizer, metrics: AccessMetrics): Filter {
  return async (context, next) => {
    const attributes = attributesOf(context.info, context.user);
    const begin = metrics.now();
    let decision = authorizer.authorize(attributes);
    if (decision instanceof Promise) decision = await decision;
    const allowed = decision.decision === 'allow';
    const failure = allowed ? undefined : decision.evaluationError;
    metrics.authorized(failure === undefined ? resultOf[decision.decision] : 'error', begin);
    if (context.audit !== undefined) {
      if (failure === undefined) {
        context.annotations.set('authorization.k8s.io/decision', allowed ? 'allow' : 'forbid');
      }
      context.annotations.set('authorization.k8s.io/reason', failure === undefined ? decision.reason : internalError);
    }
    if (failure !== undefined) return undecided(context.request.uri ?? attributes.path, failure);
    if (!allowed) throw forbiddenRequest(attributes, decision.reason);
    return next(context);
  };
}

const resultOf = { allow: 'allowed', deny: 'denied', 'no-opinion': 'no-opinion' } as const;

const internalError = 'internal error';

/** As upstream's responsewriters.InternalError: text, no Status. */
function undecided(uri: string, failure: string): ApiResponse {
  const text = sanitize(`Internal Server Error: ${quote(uri)}: ${failure}`);
  return textResponse(`${text}\n`, 500);
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
  const { apiGroup: group, resource, name } = attributes;
  return forbidden({ group, resource }, name, text);
}

function forbiddenMessage(attributes: AuthorizationAttributes): string {
  const user = quote(attributes.user.username);
  if (!attributes.isResourceRequest) {
    return `User ${user} cannot ${attributes.verb} path ${quote(attributes.path)}`;
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
