import { label } from '../pods/observed.ts';
import { toTime } from '../pods/time.ts';
import type { ContainerStats } from '../runtime/index.ts';
import type { NodeServerDependencies } from './node-server.ts';
import type { Handler } from './routes.ts';
import { readNodeUsage } from './node-usage.ts';

/** Stats of containers by pod uid. */
async function statsByPod({ runtime, pods }: NodeServerDependencies): Promise<Map<string, ContainerStats[]>> {
  const own = new Set([...pods.workers].map(({ uid }) => uid));
  // Those that have ended are still listed, without figures.
  const running = (await runtime.containerStats()).filter(({ timestamp }) => timestamp > 0);
  const grouped = Map.groupBy(running, ({ labels }) => labels[label.podUid] ?? '');
  for (const uid of grouped.keys()) if (!own.has(uid)) grouped.delete(uid);
  return grouped;
}

/** `GET /stats/summary` (k8s.io/kubelet stats/v1alpha1), without the fields that nothing here measures. */
export const serveSummary: Handler = async (dependencies, { response }) => {
  const { pods, options, environment } = dependencies;
  const stats = await statsByPod(dependencies);
  const usage = await readNodeUsage(options);
  const now = toTime(environment.clock.now());
  const podStats = [...pods.workers].map(({ uid, pod }) => {
    const containers = stats.get(uid) ?? [];
    const sum = (of: (one: ContainerStats) => number) => containers.reduce((total, one) => total + of(one), 0);
    return {
      podRef: { name: pod.metadata?.name, namespace: pod.metadata?.namespace, uid },
      startTime: pod.status?.startTime ?? now,
      containers: containers.map(containerSummary),
      cpu: { time: now, usageNanoCores: 0, usageCoreNanoSeconds: sum((one) => one.cpuUsageCoreNanoseconds) },
      memory: {
        time: now,
        usageBytes: sum((one) => one.memoryUsageBytes),
        workingSetBytes: sum((one) => one.memoryWorkingSetBytes),
        rssBytes: sum((one) => one.memoryRssBytes),
      },
    };
  });
  const node = {
    nodeName: options.nodeName,
    startTime: now,
    cpu: { time: now, usageNanoCores: 0, usageCoreNanoSeconds: usage.cpuNanoseconds },
    memory: { time: now, usageBytes: usage.memoryBytes, workingSetBytes: usage.memoryBytes },
  };
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ node, pods: podStats }));
};

function containerSummary(stats: ContainerStats): object {
  const time = toTime(stats.timestamp);
  return {
    name: stats.labels[label.containerName],
    startTime: time,
    cpu: { time, usageNanoCores: 0, usageCoreNanoSeconds: stats.cpuUsageCoreNanoseconds },
    memory: {
      time,
      usageBytes: stats.memoryUsageBytes,
      workingSetBytes: stats.memoryWorkingSetBytes,
      rssBytes: stats.memoryRssBytes,
    },
    rootfs: { time, usedBytes: stats.rootfsUsedBytes, inodesUsed: stats.rootfsInodesUsed },
  };
}

type Labels = Readonly<Record<string, string>>;

function sample(name: string, labels: Labels, value: number, timestamp: number): string {
  const text = Object.entries(labels).map(([key, one]) => `${key}=${JSON.stringify(one)}`);
  return `${name}${text.length > 0 ? `{${text.join(',')}}` : ''} ${value} ${timestamp}\n`;
}

function family(name: string, type: 'counter' | 'gauge', help: string, samples: readonly string[]): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.join('')}`;
}

/** `GET /metrics/resource` (KEP-1206): what metrics-server reads. */
export const serveResourceMetrics: Handler = async (dependencies, { response }) => {
  const { environment, options } = dependencies;
  const usage = await readNodeUsage(options);
  const now = environment.clock.now();
  const containers = [...(await statsByPod(dependencies)).values()].flat();
  const perContainer = (name: string, value: (one: ContainerStats) => number) =>
    containers.map((one) => sample(name, containerLabels(one), value(one), one.timestamp || now));
  const perPod = (name: string, value: (one: ContainerStats) => number) =>
    [...Map.groupBy(containers, (one) => one.labels[label.podUid] ?? '').values()].map((group) => {
      const total = group.reduce((sum, one) => sum + value(one), 0);
      const { container: _, ...labels } = containerLabels(group[0] as ContainerStats);
      return sample(name, labels, total, now);
    });
  const seconds = (one: ContainerStats) => one.cpuUsageCoreNanoseconds / 1e9;
  const bytes = (one: ContainerStats) => one.memoryWorkingSetBytes;
  const families = [
    family(
      'container_cpu_usage_seconds_total',
      'counter',
      '[STABLE] Cumulative cpu time consumed by the container in core-seconds',
      perContainer('container_cpu_usage_seconds_total', seconds),
    ),
    family(
      'container_memory_working_set_bytes',
      'gauge',
      '[STABLE] Current working set of the container in bytes',
      perContainer('container_memory_working_set_bytes', bytes),
    ),
    family(
      'node_cpu_usage_seconds_total',
      'counter',
      '[STABLE] Cumulative cpu time consumed by the node in core-seconds',
      [sample('node_cpu_usage_seconds_total', {}, usage.cpuNanoseconds / 1e9, now)],
    ),
    family('node_memory_working_set_bytes', 'gauge', '[STABLE] Current working set of the node in bytes', [
      sample('node_memory_working_set_bytes', {}, usage.memoryBytes, now),
    ]),
    family(
      'pod_cpu_usage_seconds_total',
      'counter',
      '[STABLE] Cumulative cpu time consumed by the pod in core-seconds',
      perPod('pod_cpu_usage_seconds_total', seconds),
    ),
    family(
      'pod_memory_working_set_bytes',
      'gauge',
      '[STABLE] Current working set of the pod in bytes',
      perPod('pod_memory_working_set_bytes', bytes),
    ),
    family(
      'resource_scrape_error',
      'gauge',
      '[STABLE] 1 if there was an error while getting container metrics, 0 otherwise',
      ['resource_scrape_error 0\n'],
    ),
  ];
  response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
  response.end(families.join(''));
};

/** `GET /metrics/cadvisor`: the few families that dashboards ask for most. */
export const serveCadvisorMetrics: Handler = async (dependencies, { response }) => {
  const containers = [...(await statsByPod(dependencies)).values()].flat();
  const now = dependencies.environment.clock.now();
  const rows = (name: string, value: (one: ContainerStats) => number) =>
    containers.map((one) => sample(name, { ...containerLabels(one), id: one.id }, value(one), one.timestamp || now));
  const families = [
    family(
      'container_cpu_usage_seconds_total',
      'counter',
      'Cumulative cpu time consumed in seconds.',
      rows('container_cpu_usage_seconds_total', (one) => one.cpuUsageCoreNanoseconds / 1e9),
    ),
    family(
      'container_memory_working_set_bytes',
      'gauge',
      'Current working set in bytes.',
      rows('container_memory_working_set_bytes', (one) => one.memoryWorkingSetBytes),
    ),
    family(
      'container_memory_usage_bytes',
      'gauge',
      'Current memory usage in bytes.',
      rows('container_memory_usage_bytes', (one) => one.memoryUsageBytes),
    ),
    family(
      'container_memory_rss',
      'gauge',
      'Size of RSS in bytes.',
      rows('container_memory_rss', (one) => one.memoryRssBytes),
    ),
    family(
      'container_fs_usage_bytes',
      'gauge',
      'Number of bytes consumed by the container.',
      rows('container_fs_usage_bytes', (one) => one.rootfsUsedBytes),
    ),
  ];
  response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
  response.end(families.join(''));
};

function containerLabels({ labels }: ContainerStats): { container: string; namespace: string; pod: string } {
  return {
    container: labels[label.containerName] ?? '',
    namespace: labels[label.podNamespace] ?? '',
    pod: labels[label.podName] ?? '',
  };
}
