import { unknownPath } from '@coracle/apimachinery/errors';
import type { Handler, RequestContext } from '../filters/filter.ts';
import type { ApiResponse } from '../http/api-request.ts';
import type { Core } from './call.ts';
import { routeResource } from './route.ts';

/** Answers paths that are no resource: discovery, health, metrics. Undefined: not mine. */
export type PathHandler = (context: RequestContext) => ApiResponse | Promise<ApiResponse> | undefined;

/** The end of the chain: another server, a resource's verb, or the first path handler that knows the path. */
export function rootHandler(core: Core, remote: PathHandler, paths: readonly PathHandler[]): Handler {
  return async (context) => {
    // Such a path is about a resource to authorizers, and leads to none.
    if (context.info.path.startsWith('//')) throw unknownPath();
    const passedOn = remote(context);
    if (passedOn !== undefined) return passedOn;
    if (context.info.isResourceRequest) {
      const answer = routeResource(core, context);
      if (answer !== undefined) return answer;
    }
    for (const handle of paths) {
      const answer = handle(context);
      if (answer !== undefined) return answer;
    }
    throw unknownPath();
  };
}
