import type { Logger } from '@coracle/apimachinery/component';
import { type Status, StatusError } from '@coracle/apimachinery/errors';
import { statusResponse } from '../negotiation/status-response.ts';
import { CompactedError, FutureRevisionError, UnavailableError } from '../storage/storage.ts';
import type { Filter } from './filter.ts';

/** The one place where an error becomes an answer. What nobody expected is an InternalError, its cause only in the log. */
export function errorToStatusFilter(log: Logger): Filter {
  return async (context, next) => {
    try {
      return await next(context);
    } catch (error) {
      const status = statusOf(error);
      if (status.code === 500) {
        log.error('request failed', { method: context.request.method, path: context.info.path, error });
      }
      return statusResponse(status, context.request);
    }
  };
}

/** The Status that an error is answered with; store errors carry upstream's wording. */
export function statusOf(error: unknown): Status {
  if (error instanceof StatusError) return error.status;
  if (error instanceof CompactedError) return failure(410, 'Expired', compactedMessage);
  if (error instanceof FutureRevisionError) return futureRevision(error);
  if (error instanceof UnavailableError) {
    return { ...failure(500, 'ServerTimeout', error.message), details: { retryAfterSeconds: 1 } };
  }
  return failure(500, 'InternalError', `Internal error occurred: ${messageOf(error)}`, {
    causes: [{ message: messageOf(error) }],
  });
}

/** An error that nobody thought of: the request met a fault of this program. */
export function isUnexpected(error: unknown): boolean {
  return ![StatusError, CompactedError, FutureRevisionError, UnavailableError].some((kind) => error instanceof kind);
}

const compactedMessage = 'The resourceVersion for the provided watch is too old.';

/** Upstream answers a revision from the future with a Timeout whose cause says so, and asks for a retry in a second. */
function futureRevision(error: FutureRevisionError): Status {
  return failure(
    504,
    'Timeout',
    `Timeout: Too large resource version: ${error.revision}, current: ${error.currentRevision}`,
    {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function failure(code: number, reason: Status['reason'], message: string, details?: Status['details']): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason === undefined ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
    code,
  };
}
