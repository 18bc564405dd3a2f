import type { RequestContext } from '../filters/filter.ts';
import type { PathHandler } from '../handlers/root.ts';
import type { ApiResponse } from '../http/api-request.ts';
import { textResponse } from '../negotiation/object-response.ts';

/** One thing that must be so for the server to be healthy. Throws or rejects with the reason where it is not. */
export interface HealthCheck {
  readonly name: string;
  /** Which of the endpoints ask it. */
  readonly endpoints: readonly ('healthz' | 'livez' | 'readyz')[];
  check(): void | Promise<void>;
}

type Endpoint = HealthCheck['endpoints'][number];

const pathForm = /^\/(healthz|livez|readyz)(?:\/(.+))?$/;

/** Answers /healthz, /livez and /readyz, with `?verbose`, `?exclude=` and single checks below them. */
export function healthPaths(checks: readonly HealthCheck[]): PathHandler {
  return (context) => {
    const match = pathForm.exec(context.info.path);
    if (match === null || !['GET', 'HEAD'].includes(context.request.method)) return undefined;
    const [, endpoint, name] = match as unknown as [string, Endpoint, string | undefined];
    const asked = checks.filter((check) => check.endpoints.includes(endpoint));
    if (name === undefined) return checkAll(endpoint, asked, context);
    const one = asked.find((check) => check.name === name);
    return one === undefined ? textResponse('404 page not found\n', 404) : checkAll(endpoint, [one], context);
  };
}

async function checkAll(
  endpoint: Endpoint,
  checks: readonly HealthCheck[],
  context: RequestContext,
): Promise<ApiResponse> {
  const excluded = new Set(context.request.query.getAll('exclude'));
  const lines: string[] = [];
  let failed = false;
  for (const check of checks) {
    if (excluded.delete(check.name)) {
      lines.push(`[+]${check.name} excluded: ok`);
      continue;
    }
    try {
      await check.check();
      lines.push(`[+]${check.name} ok`);
    } catch {
      failed = true;
      lines.push(`[-]${check.name} failed: reason withheld`);
    }
  }
  if (excluded.size > 0) {
    const names = [...excluded].map((name) => JSON.stringify(name)).join(', ');
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`);
  }
  const report = lines.map((line) => `${line}\n`).join('');
  if (failed) return textResponse(`${report}${endpoint} check failed\n`, 500);
  return textResponse(context.request.query.has('verbose') ? `${report}${endpoint} check passed\n` : 'ok');
}
