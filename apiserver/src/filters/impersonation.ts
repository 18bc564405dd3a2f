import type { Authorizer } from '../auth/authorizer.ts';
import type { UserInfo } from '../http/api-request.ts';
import { attributesOf } from './authorization.ts';
import type { Filter, RequestContext } from './filter.ts';
import { wantedUser } from './impersonation-headers.ts';
import { checkMode, type ImpersonationMode, impersonationModes } from './impersonation-modes.ts';

/** Lets a caller act as somebody else where one of the modes allows it; a refusal is told as the first mode put it. */
export function impersonationFilter(authorizer: Authorizer): Filter {
  // The mode that last worked for a caller is tried first.
  const lastModes = new Map<string, ImpersonationMode>();
  return async (context, next) => {
    const wanted = wantedUser(context.request);
    if (wanted === undefined) return next(context);
    const { user, constraint } = await becomes(context, wanted, authorizer, lastModes);
    context.user = user;
    context.audit?.setImpersonated(user, constraint);
    return next(context);
  };
}

async function becomes(
  context: RequestContext,
  wanted: UserInfo,
  authorizer: Authorizer,
  lastModes: Map<string, ImpersonationMode>,
): Promise<{ user: UserInfo; constraint: string }> {
  const request = attributesOf(context.info, context.user);
  let refusal: unknown;
  const { username } = context.user;
  const last = lastModes.get(username);
  const others = impersonationModes.filter((mode) => mode !== last);
  for (const mode of last === undefined ? others : [last, ...others]) {
    if (!mode.applies(wanted, context.user)) continue;
    try {
      const user = await checkMode(mode, authorizer, wanted, request);
      if (mode !== last) remember(lastModes, username, mode);
      return { user, constraint: mode.name === '' ? '' : `impersonate:${mode.name}` };
    } catch (error) {
      refusal ??= error;
    }
  }
  throw refusal;
}

const remembered = 10_000;

function remember(lastModes: Map<string, ImpersonationMode>, username: string, mode: ImpersonationMode): void {
  const [oldest] = lastModes.keys();
  if (lastModes.size >= remembered && oldest !== undefined) lastModes.delete(oldest);
  lastModes.set(username, mode);
}
