import type { PathHandler } from '../handlers/root.ts';
import type { MetricRegistry } from '../metrics/registry.ts';
import { textResponse } from '../negotiation/object-response.ts';

/** GET /metrics. */
export function metricsPath(registry: MetricRegistry): PathHandler {
  return ({ info, request }) =>
    info.path === '/metrics' && request.method === 'GET'
      ? textResponse(registry.text(), 200, 'text/plain; version=0.0.4; charset=utf-8')
      : undefined;
}
