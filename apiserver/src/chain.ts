import type { Filter, Handler } from './filters/filter.ts';

/** The filters of the API server, ready to be put in order. */
export interface ChainFilters {
  readonly metrics: Filter;
  readonly responseHeaders: Filter;
  readonly errorToStatus: Filter;
  readonly deadline: Filter;
  readonly authentication: Filter;
  readonly audit: Filter;
  readonly impersonation: Filter;
  readonly priority: Filter;
  readonly authorization: Filter;
}

/**
 * What every request passes, top to bottom, before a handler sees it. CORS is not served: no browser talks to this port.
 */
export function buildChain(filters: ChainFilters, handler: Handler): Handler {
  return compose(
    [
      filters.metrics, // outermost, so that it counts refusals too and sees the status that is really sent
      filters.responseHeaders, // Audit-Id, Cache-Control and warnings belong on errors as well
      filters.errorToStatus, // the one place where an error becomes an answer; everything below may throw
      filters.deadline, // waiting below, for a slot or for the store, counts towards the time limit
      filters.authentication, // nobody below works for a caller without a name
      filters.audit, // records who really asked, so before impersonation and before any refusal by policy
      filters.impersonation, // everything below decides about the impersonated user
      filters.priority, // sheds load before authorization may cost something
      filters.authorization, // last: no handler runs, and no body is read, for a request that is not allowed
    ],
    handler,
  );
}

function compose(filters: readonly Filter[], handler: Handler): Handler {
  return filters.reduceRight<Handler>((next, filter) => (context) => filter(context, next), handler);
}
