import type { Clock } from '@coracle/apimachinery/clock';
import type { MetricRegistry } from './registry.ts';

/** Seconds: 1 ms, and twice as much fourteen times. */
const durationBounds = Array.from({ length: 15 }, (_, index) => 2 ** index / 1000);

const authenticationResults = ['success', 'failure', 'error'] as const;
const authorizationResults = ['allowed', 'denied', 'no-opinion', 'error'] as const;

/** What the filters tell about one request. `begin` is what `now` said before. */
export interface AccessMetrics {
  now(): number;
  authenticated(username: string, begin: number): void;
  /** `failure`: nobody knows the sender; `error`: a credential is bad. */
  notAuthenticated(result: 'failure' | 'error', begin: number): void;
  authorized(result: (typeof authorizationResults)[number], begin: number): void;
}

/** Upstream's names (k8s.io/apiserver pkg/endpoints/filters/metrics.go). */
export function createAccessMetrics(registry: MetricRegistry, clock: Pick<Clock, 'monotonic'>): AccessMetrics {
  const users = registry.counter({
    name: 'authenticated_user_requests',
    help: 'Counter of authenticated requests broken out by username.',
    labels: ['username'],
  });
  const authentication = attempts(registry, authenticationResults, {
    counter: ['authentication_attempts', 'Counter of authenticated attempts.'],
    histogram: ['authentication_duration_seconds', 'Authentication duration in seconds broken out by result.'],
  });
  const authorization = attempts(registry, authorizationResults, {
    counter: ['authorization_attempts_total', 'Counter of authorization attempts broken down by result.'],
    histogram: ['authorization_duration_seconds', 'Authorization duration in seconds broken out by result.'],
  });
  const userCounts = new Map([...namedUsers, email, other].map((name) => [name, users.with([name])]));
  const seconds = (begin: number) => (clock.monotonic() - begin) / 1000;
  return {
    now: () => clock.monotonic(),
    authenticated(username, begin) {
      userCounts.get(userLabel(username))?.();
      authentication.success(seconds(begin));
    },
    notAuthenticated: (result, begin) => authentication[result](seconds(begin)),
    authorized: (result, begin) => authorization[result](seconds(begin)),
  };
}

type Names = Readonly<Record<'counter' | 'histogram', readonly [name: string, help: string]>>;

/** Counts and measures, by result. */
function attempts<R extends string>(
  registry: MetricRegistry,
  results: readonly R[],
  { counter, histogram }: Names,
): Record<R, (seconds: number) => void> {
  const labels = ['result'];
  const counts = registry.counter({ name: counter[0], help: counter[1], labels });
  const durations = registry.histogram({ name: histogram[0], help: histogram[1], labels }, durationBounds);
  const noters = results.map((result) => {
    const [count, observe] = [counts.with([result]), durations.with([result])];
    const note = (seconds: number) => {
      count();
      observe(seconds);
    };
    return [result, note] as const;
  });
  return Object.fromEntries(noters) as Record<R, (seconds: number) => void>;
}

const namedUsers: ReadonlySet<string> = new Set([
  'admin',
  'client',
  'kube_proxy',
  'kubelet',
  'system:serviceaccount:kube-system:default',
]);
const email = 'email_id';
const other = 'other';

/** Few, so that users neither show nor fill the memory. */
function userLabel(username: string): string {
  if (namedUsers.has(username)) return username;
  return username.includes('@') ? email : other;
}
