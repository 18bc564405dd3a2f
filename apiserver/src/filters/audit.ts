import type { UserInfo } from '../http/api-request.ts';
import type { Filter } from './filter.ts';
import type { RequestInfo } from './request-info.ts';

/** One request for the audit log, told when it begins and when it is answered. */
export interface AuditEvent {
  readonly stage: 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete';
  readonly auditId: string;
  readonly method: string;
  readonly info: RequestInfo;
  /** Who sent it, before impersonation. */
  readonly user: UserInfo;
  readonly impersonatedUser?: UserInfo;
  readonly sourceAddress: string;
  readonly userAgent: string | undefined;
  readonly annotations: ReadonlyMap<string, string>;
  /** Set from ResponseStarted on. */
  readonly responseStatus?: number;
}

/** Where audit events go. Must not throw and must not block. */
export interface AuditSink {
  record(event: AuditEvent): void;
}

/** Without a sink the filter costs nothing. */
export function auditFilter(sink: AuditSink | undefined): Filter {
  if (sink === undefined) return (context, next) => next(context);
  return async (context, next) => {
    const base = {
      auditId: context.auditId,
      method: context.request.method,
      info: context.info,
      user: context.user,
      sourceAddress: context.request.peer.address,
      userAgent: context.request.headers['user-agent'],
      annotations: context.annotations,
    };
    sink.record({ ...base, stage: 'RequestReceived' });
    const response = await next(context);
    const impersonated = context.user === base.user ? {} : { impersonatedUser: context.user };
    const streams = response.body.type === 'watch' || response.body.type === 'stream';
    const stage = streams ? 'ResponseStarted' : 'ResponseComplete';
    sink.record({ ...base, ...impersonated, stage, responseStatus: response.status });
    return response;
  };
}
