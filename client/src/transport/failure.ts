import { type Status, StatusError, type StatusReason } from '@coracle/apimachinery/errors';

/** What a status code means where the answer carries no Status of its own (apimachinery errors.NewGenericServerResponse). */
const reasonOfCode: Readonly<Record<number, StatusReason>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Gone',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** True for a decoded `metav1.Status` that reports a failure. */
export function isFailureStatus(value: unknown): value is Status {
  const status = value as Partial<Status> | null;
  return typeof value === 'object' && status?.kind === 'Status' && status.status === 'Failure';
}

/** The error of an answer that failed: the server's own Status, or one made from the code and the text it sent. */
export function failureOf(code: number, body: unknown, retryAfterSeconds?: number): StatusError {
  if (isFailureStatus(body)) {
    if (retryAfterSeconds === undefined || body.details?.retryAfterSeconds !== undefined) return new StatusError(body);
    return new StatusError({ ...body, details: { ...body.details, retryAfterSeconds } });
  }
  const text = typeof body === 'string' && body.trim() !== '' ? body.trim() : `the server answered with code ${code}`;
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: text,
    reason: reasonOfCode[code] ?? 'Unknown',
    code,
    ...(retryAfterSeconds === undefined ? {} : { details: { retryAfterSeconds } }),
  });
}

/** The server was not reached, or the connection broke before its answer was complete. */
export function unreachable(cause: unknown): StatusError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const error = new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason: 'ServiceUnavailable',
    code: 503,
  });
  error.cause = cause;
  return error;
}
