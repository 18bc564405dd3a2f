/** What was used until a moment: processor time since the beginning, memory now. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
}

/** What one node said of itself and its containers. */
export interface Scrape {
  readonly node: Usage | undefined;
  /** By namespace and name of the pod, as `ns/name`, then by container. */
  readonly pods: ReadonlyMap<string, ReadonlyMap<string, Usage>>;
}

type Labels = Readonly<Record<string, string>>;

/** Reads what a kubelet serves at /metrics/resource (KEP-1206). What only one of the two figures is known of is left out. */
export function parseScrape(text: string): Scrape {
  const seen = new Map<string, { labels: Labels; cpuSeconds?: number; memoryBytes?: number; timeMs: number }>();
  for (const line of text.split('\n')) {
    const match = /^(container|node)_(cpu_usage_seconds_total|memory_working_set_bytes)(?:\{(.*)\})? (\S+) (\d+)$/.exec(
      line,
    );
    if (match === null) continue;
    const [, of = '', figure, labelText = '', value, time] = match;
    const labels = parseLabels(labelText);
    const key = `${of} ${labels['namespace']}/${labels['pod']}/${labels['container']}`;
    const entry = seen.get(key) ?? { labels, timeMs: Number(time) };
    const field = figure === 'cpu_usage_seconds_total' ? 'cpuSeconds' : 'memoryBytes';
    seen.set(key, { ...entry, [field]: Number(value) });
  }
  let node: Usage | undefined;
  const pods = new Map<string, Map<string, Usage>>();
  for (const [key, { labels, cpuSeconds, memoryBytes, timeMs }] of seen) {
    if (cpuSeconds === undefined || memoryBytes === undefined) continue;
    const usage = { cpuSeconds, memoryBytes, timeMs };
    if (key.startsWith('node ')) node = usage;
    else {
      const pod = `${labels['namespace']}/${labels['pod']}`;
      pods.set(pod, (pods.get(pod) ?? new Map<string, Usage>()).set(labels['container'] ?? '', usage));
    }
  }
  return { node, pods };
}

function parseLabels(text: string): Labels {
  const pairs = [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value.replaceAll(/\\(.)/g, '$1')]));
}

/** A rate over the time between two looks. */
export interface Rate {
  readonly cpuNanocores: bigint;
  readonly memoryBytes: number;
  readonly timeMs: number;
  readonly windowMs: number;
}

/** Undefined where there is no time between them, or where it began again in between. */
export function rateOf(before: Usage | undefined, now: Usage | undefined): Rate | undefined {
  if (before === undefined || now === undefined) return undefined;
  const windowMs = now.timeMs - before.timeMs;
  const used = now.cpuSeconds - before.cpuSeconds;
  if (windowMs <= 0 || used < 0) return undefined;
  const cpuNanocores = BigInt(Math.round((used * 1e12) / windowMs));
  return { cpuNanocores, memoryBytes: now.memoryBytes, timeMs: now.timeMs, windowMs };
}
