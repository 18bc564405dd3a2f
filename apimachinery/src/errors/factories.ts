import type { GroupResource } from '../schema/resource.ts';
import { type FieldError, fieldErrorBody, fieldErrorsText } from './field-error.ts';
import { quote } from './quote.ts';
import { type StatusCause, type StatusDetails, StatusError, type StatusReason } from './status.ts';

/**
 * One factory per answer the system can give that is no success; words and codes of apimachinery/pkg/api/errors. A cause
 * that the client should not see (the `error` of an internal error is shown) belongs in the log, not here.
 */

interface GroupKind {
  readonly group: string;
  readonly kind: string;
}

/** `pods`, `deployments.apps`. */
export function resourceText({ group, resource }: GroupResource): string {
  return group === '' ? resource : `${resource}.${group}`;
}

function failure(code: number, reason: StatusReason, message: string, details?: StatusDetails): StatusError {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code } as const;
  return new StatusError(details === undefined ? status : { ...status, details });
}

function detailsOf(resource: GroupResource, name: string, more?: StatusDetails): StatusDetails {
  const details: StatusDetails = {};
  if (name !== '') details.name = name;
  if (resource.group !== '') details.group = resource.group;
  if (resource.resource !== '') details.kind = resource.resource;
  return more === undefined ? details : Object.assign(details, more);
}

function retry(seconds: number): StatusDetails {
  return seconds > 0 ? { retryAfterSeconds: Math.trunc(seconds) } : {};
}

export function textOfError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** 404 `pods "x" not found`. */
export function notFound(resource: GroupResource, name: string): StatusError {
  return failure(404, 'NotFound', `${resourceText(resource)} ${quote(name)} not found`, detailsOf(resource, name));
}

/** 404 for a path that no resource lives under. */
export function unknownPath(): StatusError {
  return failure(404, 'NotFound', 'the server could not find the requested resource', {});
}

/** 409 `pods "x" already exists`. */
export function alreadyExists(resource: GroupResource, name: string): StatusError {
  const message = `${resourceText(resource)} ${quote(name)} already exists`;
  return failure(409, 'AlreadyExists', message, detailsOf(resource, name));
}

/** 409: every name made from a generateName was taken. */
export function generateNameConflict(resource: GroupResource, name: string, retryAfterSeconds = 1): StatusError {
  const message = `${resourceText(resource)} ${quote(name)} already exists, the server was not able to generate a unique name for the object`;
  return failure(409, 'AlreadyExists', message, detailsOf(resource, name, retry(retryAfterSeconds)));
}

export function unauthorized(message = 'Unauthorized'): StatusError {
  return failure(401, 'Unauthorized', message === '' ? 'not authorized' : message);
}

/** 403 `pods "x" is forbidden: <error>`; an empty resource gives `forbidden: <error>`. */
export function forbidden(resource: GroupResource, name: string, error: unknown): StatusError {
  const why = textOfError(error);
  const what = resourceText(resource);
  let message = `forbidden: ${why}`;
  if (what !== '') message = name === '' ? `${what} is ${message}` : `${what} ${quote(name)} is ${message}`;
  return failure(403, 'Forbidden', message, detailsOf(resource, name));
}

/** 409 `Operation cannot be fulfilled on pods "x": <error>`. */
export function conflict(resource: GroupResource, name: string, error: unknown): StatusError {
  const message = `Operation cannot be fulfilled on ${resourceText(resource)} ${quote(name)}: ${textOfError(error)}`;
  return failure(409, 'Conflict', message, detailsOf(resource, name));
}

/** What `conflict` is told when the stored object is newer than the one that was sent. */
export const optimisticLockMessage =
  'the object has been modified; please apply your changes to the latest version and try again';

/** 409 of server-side apply: fields are owned by others, one cause a field. */
export function applyConflict(causes: readonly StatusCause[], message: string): StatusError {
  return failure(409, 'Conflict', message, { causes: [...causes] });
}

export function gone(message: string): StatusError {
  return failure(410, 'Gone', message);
}

/** 410: the revision asked for is compacted, the continue token too old. */
export function expired(message: string): StatusError {
  return failure(410, 'Expired', message);
}

/** 422 `Pod "x" is invalid: spec.foo: Required value: …`, one cause a finding. */
export function invalid(kind: GroupKind, name: string, errors: readonly FieldError[]): StatusError {
  const qualified = resourceText({ group: kind.group, resource: kind.kind });
  const text = fieldErrorsText(errors);
  const causes = errors.map((error) => ({
    reason: error.type,
    message: fieldErrorBody(error),
    field: error.field === '' ? '<nil>' : error.field,
  }));
  const details = detailsOf({ group: kind.group, resource: kind.kind }, name, causes.length === 0 ? {} : { causes });
  return failure(422, 'Invalid', `${qualified} ${quote(name)} is invalid${text === '' ? '' : `: ${text}`}`, details);
}

export function badRequest(message: string): StatusError {
  return failure(400, 'BadRequest', message);
}

/** 429. Clients wait `retryAfterSeconds` before they come again. */
export function tooManyRequests(message: string, retryAfterSeconds: number): StatusError {
  return failure(429, 'TooManyRequests', message, retry(retryAfterSeconds));
}

export function serviceUnavailable(message: string): StatusError {
  return failure(503, 'ServiceUnavailable', message);
}

/** 405 `patch is not supported on resources of kind "pods"`. */
export function methodNotSupported(resource: GroupResource, action: string): StatusError {
  const message = `${action} is not supported on resources of kind ${quote(resourceText(resource))}`;
  return failure(405, 'MethodNotAllowed', message, detailsOf(resource, ''));
}

/** 405: the path takes other methods. */
export function methodNotAllowed(): StatusError {
  return failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
}

/** 500 with nothing but a message: errors that upstream hands on as they are. */
export function plainError(message: string): StatusError {
  return new StatusError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 });
}

/** 500 with a retry hint: something transient, such as storage that is still starting. */
export function serverTimeout(resource: GroupResource, operation: string, retryAfterSeconds: number): StatusError {
  const what = resourceText(resource);
  const message = `The ${operation} operation against ${what} could not be completed at this time, please try again.`;
  return failure(500, 'ServerTimeout', message, detailsOf(resource, operation, retry(retryAfterSeconds)));
}

/** 504: the request may still be carried out. */
export function timeout(message: string, retryAfterSeconds: number): StatusError {
  return failure(504, 'Timeout', `Timeout: ${message}`, retry(retryAfterSeconds));
}

export function internalError(error: unknown): StatusError {
  const message = textOfError(error);
  return failure(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });
}

export function requestEntityTooLarge(message: string): StatusError {
  return failure(413, 'RequestEntityTooLarge', `Request entity too large: ${message}`);
}

/** 406 of upstream's router: nothing the client accepts can be produced. */
export function notAcceptable(accepted: readonly string[]): StatusError {
  const message = `406: Not Acceptable\n\nAvailable representations: ${accepted.join(', ')}`;
  return failure(406, 'NotAcceptable', message, {});
}

/** 406 of a path that negotiates by itself. */
export function noneAcceptable(accepted: readonly string[]): StatusError {
  return failure(406, 'NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`);
}

/** 415 before anything of the request is looked at: upstream's router says no more. */
export function unknownMediaType(): StatusError {
  return failure(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
}

/** 415: the body is of a type that cannot be read here. */
export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`;
  return failure(415, 'UnsupportedMediaType', message);
}
