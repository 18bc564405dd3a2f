import { unauthorized } from '@coracle/apimachinery/errors';
import type { Logger } from '@coracle/apimachinery/component';
import type { Authenticator } from '../auth/authenticator.ts';
import { withAuthenticatedGroup } from '../auth/authenticators/users.ts';
import type { ApiRequest } from '../http/api-request.ts';
import type { Filter, RequestContext } from './filter.ts';

/**
 * Asks the authenticators in order; the first that knows the caller names it. Where none does, or a credential is bad and no
 * other good, the answer is 401. `onRefused` is told of those. `strip` takes away what nobody may read after it.
 */
export function authenticationFilter(
  authenticators: readonly Authenticator[],
  log: Logger,
  onRefused: (context: RequestContext) => void = () => {},
  strip?: (request: ApiRequest) => ApiRequest,
): Filter {
  return async (context, next) => {
    const trusted = context.request.peer.trustedUser;
    if (trusted !== undefined) {
      context.user = trusted;
      return next(context);
    }
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
      if (strip !== undefined) context.request = strip(context.request);
      return next(context);
    }
    onRefused(context);
    throw unauthorized();
  };
}
