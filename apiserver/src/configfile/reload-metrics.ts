import type { Clock } from '@coracle/apimachinery/clock';
import type { MetricRegistry } from '../metrics/index.ts';

/** Counts how often a configuration was read again, under upstream's names; to be told how each time went. */
export function createReloadMetrics(
  registry: MetricRegistry,
  subject: 'authentication' | 'authorization',
  clock: Pick<Clock, 'now'>,
): (outcome: 'success' | 'failure') => void {
  const prefix = `apiserver_${subject}_config_controller_automatic_reload`;
  const labels = ['status'];
  const lastSeconds = { success: 0, failure: 0 };
  registry.gauge(
    {
      name: `${prefix}_last_timestamp_seconds`,
      help: `Timestamp of the last automatic reload of ${subject} configuration split by status.`,
      labels,
    },
    () => Object.entries(lastSeconds).flatMap(([status, at]) => (at === 0 ? [] : [[[status], at] as const])),
  );
  const reloads = registry.counter({
    name: `${prefix}s_total`,
    help: `Total number of automatic reloads of ${subject} configuration split by status.`,
    labels,
  });
  return (outcome) => {
    reloads.add([outcome]);
    lastSeconds[outcome] = clock.now() / 1000;
  };
}
