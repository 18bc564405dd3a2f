import type { Status } from '@coracle/apimachinery/errors';
import type { ApiRequest, ApiResponse } from '../http/api-request.ts';
import { objectResponse } from './object-response.ts';

/** A Status as the whole answer. Falls back to JSON where the client takes nothing this server has: it must learn why. */
export function statusResponse(status: Status, request: Pick<ApiRequest, 'headers' | 'query'>): ApiResponse {
  const retryAfter = status.details?.retryAfterSeconds;
  const response = objectResponse(status, request, status.code ?? 200);
  if (retryAfter === undefined || retryAfter <= 0) return response;
  return { ...response, headers: { ...response.headers, 'retry-after': String(retryAfter) } };
}
