import { unauthorized } from '@coracle/apimachinery/errors';
import type { Logger } from '@coracle/apimachinery/component';
import type { Authenticator } from '../auth/authenticator.ts';
import { withAuthenticatedGroup } from '../auth/authenticators/users.ts';
import type { ApiRequest } from '../http/api-request.ts';
import type { AccessMetrics } from '../metrics/index.ts';
import type { Filter, RequestContext } from './filter.ts';

export interface AuthenticationFilterOptions {
  /** In the order they are asked. */
  readonly authenticators: readonly Authenticator[];
  readonly log: Logger;
  readonly metrics: AccessMetrics;
  /** Told of requests that are refused. */
  onRefused(context: RequestContext): void;
  /** Takes away what nobody may read after this filter. */
  readonly strip: ((request: ApiRequest) => ApiRequest) | undefined;
}

/**
 * Asks the authenticators in order; the first that knows the caller names it. Where none does, or a credential is bad and no
 * other good, the answer is 401.
 */
export function authenticationFilter({
  authenticators,
  log,
  metrics,
  onRefused,
  strip,
}: AuthenticationFilterOptions): Filter {
  return async (context, next) => {
    const trusted = context.request.peer.trustedUser;
    if (trusted !== undefined) {
      context.user = trusted;
      return next(context);
    }
    const begin = metrics.now();
    let failed = false;
    for (const authenticator of authenticators) {
      if (failed && authenticator.lastResort) break;
      let answer;
      try {
        answer = authenticator.authenticate(context.request);
        if (answer instanceof Promise) answer = await answer;
      } catch (error) {
        log.info('Unable to authenticate the request', { authenticator: authenticator.name, error });
        failed = true;
        continue;
      }
      if (answer === undefined) continue;
      context.user = withAuthenticatedGroup(answer.user);
      metrics.authenticated(context.user.username, begin);
      if (strip !== undefined) context.request = strip(context.request);
      return next(context);
    }
    metrics.notAuthenticated(failed ? 'error' : 'failure', begin);
    onRefused(context);
    throw unauthorized();
  };
}
