import type { Clock } from '@coracle/apimachinery/clock';
import type { MetricRegistry } from './registry.ts';

/** What GET /version answers, as far as it is a label. */
export interface BuildInfo {
  readonly major: string;
  readonly minor: string;
  readonly gitVersion: string;
  readonly gitCommit: string;
  readonly gitTreeState: string;
  readonly buildDate: string;
  readonly goVersion: string;
  readonly compiler: string;
  readonly platform: string;
}

/** The process that the server lives in, with whatever else lives there, and what it is. Read when somebody asks. */
export function describeProcess(registry: MetricRegistry, clock: Pick<Clock, 'now'>, build: BuildInfo): void {
  const startedSeconds = clock.now() / 1000 - process.uptime();
  const single = (type: 'counter' | 'gauge', name: string, help: string, read: () => number) =>
    registry.read(type, { name: `process_${name}`, help, labels: [] }, () => [[[], read()]]);
  single('gauge', 'start_time_seconds', 'Start time of the process since unix epoch in seconds.', () => startedSeconds);
  single('gauge', 'resident_memory_bytes', 'Resident memory size in bytes.', () => process.memoryUsage.rss());
  single('counter', 'cpu_seconds_total', 'Total user and system CPU time spent in seconds.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  const labels = {
    major: build.major,
    minor: build.minor,
    git_version: build.gitVersion,
    git_commit: build.gitCommit,
    git_tree_state: build.gitTreeState,
    build_date: build.buildDate,
    go_version: build.goVersion,
    compiler: build.compiler,
    platform: build.platform,
  };
  registry.gauge(
    {
      name: 'kubernetes_build_info',
      help: "A metric with a constant '1' value labeled by the version of Kubernetes that is served.",
      labels: Object.keys(labels),
    },
    () => [[Object.values(labels), 1]],
  );
}
