import type { Status } from '@coracle/apimachinery/errors';
import { isObject } from '@coracle/apimachinery/json';
import type { Audit, AuditedResponse, AuditRecord } from '../audit/index.ts';
import type { ApiResponse } from '../http/api-request.ts';
import { isLongRunning } from './deadline.ts';
import { isUnexpected, statusOf } from './error-to-status.ts';
import type { Filter, RequestContext } from './filter.ts';
import { whenBodyEnds } from './when-body-ends.ts';

/**
 * Tells the audit log of each request when it begins, when a long-running one is first answered, and when it is over.
 * Without audit the filter costs nothing.
 */
export function auditFilter(audit: Audit | undefined): Filter {
  if (audit === undefined) return (context, next) => next(context);
  return async (context, next) => {
    const record = audit.begin(context);
    if (record === undefined) return next(context);
    context.audit = record;
    audit.tell(record, 'RequestReceived');
    let response: ApiResponse;
    try {
      response = await next(context);
    } catch (error) {
      tellError(audit, context, record, error);
      throw error;
    }
    const told = responseOf(response, record);
    const complete = () => audit.tell(record, 'ResponseComplete', told);
    if (isLongRunning(context)) audit.tell(record, 'ResponseStarted', told);
    return { ...response, body: whenBodyEnds(response.body, context.request.signal, complete) };
  };
}

/** A request whose sender is not believed goes no further; the record shows what was tried (filters/authn_audit.go). */
export function auditFailedAuthentication(audit: Audit | undefined): (context: RequestContext) => void {
  if (audit === undefined) return () => {};
  return (context) => {
    const record = audit.begin(context);
    if (record === undefined) return;
    audit.tell(record, 'ResponseStarted', { status: { message: attemptedBy(context), code: 401 } });
  };
}

function attemptedBy({ request: { headers, peer } }: RequestContext): string {
  const scheme = (headers['authorization'] ?? '').trim().split(' ', 1)[0]?.toLowerCase();
  const attempted = [
    ...(scheme === 'basic' || scheme === 'bearer' ? [scheme] : []),
    ...(peer.certificate === undefined ? [] : ['x509']),
  ];
  if (attempted.length === 0) return 'Authentication failed, no credentials provided';
  return `Authentication failed, attempted: ${attempted.join(', ')}`;
}

function tellError(audit: Audit, context: RequestContext, record: AuditRecord, error: unknown): void {
  const status = statusOf(error);
  if (isUnexpected(error)) {
    const message = `APIServer panic'd: ${error instanceof Error ? error.message : String(error)}`;
    audit.tell(record, 'Panic', { status: { status: 'Failure', message, reason: 'InternalError', code: 500 } });
    return;
  }
  const told = { status: shown(status), ...(record.keepsResponse ? { object: status } : {}) };
  if (isLongRunning(context)) audit.tell(record, 'ResponseStarted', told);
  audit.tell(record, 'ResponseComplete', told);
}

function responseOf({ status: code, body }: ApiResponse, record: AuditRecord): AuditedResponse {
  if (body.type === 'upgraded') return { status: { code: 101 } };
  const value = body.type === 'bytes' ? body.value?.() : undefined;
  // A text, as of health checks, is no object: upstream records none.
  const object = isObject(value) ? value : undefined;
  const isStatus = object?.['kind'] === 'Status';
  return {
    status: isStatus ? { ...shown(value as Status), code } : { code },
    ...(record.keepsResponse && object !== undefined ? { object } : {}),
  };
}

/** The part of a Status whose size is bounded. */
function shown({ status, message, reason, details, code }: Status): Partial<Status> {
  return {
    ...(status === undefined ? {} : { status }),
    ...(message ? { message } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
    ...(code === undefined ? {} : { code }),
  };
}
