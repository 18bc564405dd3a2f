/** Counters, gauges and histograms in the text format of Prometheus, by hand: a map from label values to a number. */

export type LabelValues = readonly string[];

interface Metric {
  readonly name: string;
  write(lines: string[]): void;
}

export interface Counter {
  add(labels: LabelValues, amount?: number): void;
  /** Counts one with these labels, for who does often. The series is there once something was counted. */
  with(labels: LabelValues): () => void;
}

export interface Histogram {
  observe(labels: LabelValues, value: number): void;
  /** The same for one set of labels, for who observes often. The series is there once something was observed. */
  with(labels: LabelValues): (value: number) => void;
}

export interface MetricDescription {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

export class MetricRegistry {
  readonly #metrics: Metric[] = [];

  counter(description: MetricDescription): Counter {
    const values = new Map<string, number>();
    this.#metrics.push({
      name: description.name,
      write: (lines) => writeValues(lines, description, 'counter', values),
    });
    const count = (key: string, amount: number) => values.set(key, (values.get(key) ?? 0) + amount);
    return {
      add: (labels, amount = 1) => void count(keyOf(description.labels, labels), amount),
      with(labels) {
        const key = keyOf(description.labels, labels);
        return () => void count(key, 1);
      },
    };
  }

  /** `read` is asked when somebody looks: label values and the number. */
  gauge(description: MetricDescription, read: () => Iterable<readonly [LabelValues, number]>): void {
    this.read('gauge', description, read);
  }

  /** A gauge, or a counter that somebody else keeps. */
  read(
    type: 'counter' | 'gauge',
    description: MetricDescription,
    read: () => Iterable<readonly [LabelValues, number]>,
  ): void {
    this.#metrics.push({
      name: description.name,
      write(lines) {
        const values = new Map<string, number>();
        for (const [labels, value] of read()) values.set(keyOf(description.labels, labels), value);
        writeValues(lines, description, type, values);
      },
    });
  }

  /** `bounds` are upper bounds in ascending order; the one of infinity is implied. */
  histogram(description: MetricDescription, bounds: readonly number[]): Histogram {
    const series = new Map<string, Distribution>();
    this.#metrics.push({
      name: description.name,
      write: (lines) => writeHistogram(lines, description, bounds, series),
    });
    const seriesOf = (key: string): Distribution => {
      let distribution = series.get(key);
      if (distribution === undefined) {
        distribution = { counts: new Float64Array(bounds.length + 1), sum: 0 };
        series.set(key, distribution);
      }
      return distribution;
    };
    return {
      observe: (labels, value) => note(seriesOf(keyOf(description.labels, labels)), bounds, value),
      with(labels) {
        const key = keyOf(description.labels, labels);
        let own: Distribution | undefined;
        return (value) => note((own ??= seriesOf(key)), bounds, value);
      },
    };
  }

  text(): string {
    const lines: string[] = [];
    for (const metric of [...this.#metrics].sort((a, b) => (a.name < b.name ? -1 : 1))) metric.write(lines);
    return `${lines.join('\n')}\n`;
  }
}

interface Distribution {
  readonly counts: Float64Array;
  sum: number;
}

function note(distribution: Distribution, bounds: readonly number[], value: number): void {
  distribution.sum += value;
  let index = 0;
  while (index < bounds.length && value > (bounds[index] as number)) index++;
  distribution.counts[index] = (distribution.counts[index] as number) + 1;
}

function writeValues(
  lines: string[],
  description: MetricDescription,
  type: string,
  values: ReadonlyMap<string, number>,
): void {
  if (values.size === 0) return;
  writeHead(lines, description, type);
  for (const [key, value] of values) lines.push(`${description.name}${key === '' ? '' : `{${key}}`} ${value}`);
}

function writeHistogram(
  lines: string[],
  description: MetricDescription,
  bounds: readonly number[],
  series: ReadonlyMap<string, Distribution>,
): void {
  if (series.size === 0) return;
  writeHead(lines, description, 'histogram');
  for (const [key, { counts, sum }] of series) {
    const prefix = key === '' ? '' : `${key},`;
    let total = 0;
    for (const [index, count] of counts.entries()) {
      total += count;
      const bound = index < bounds.length ? String(bounds[index]) : '+Inf';
      lines.push(`${description.name}_bucket{${prefix}le="${bound}"} ${total}`);
    }
    lines.push(`${description.name}_sum{${key}} ${sum}`, `${description.name}_count{${key}} ${total}`);
  }
}

function writeHead(lines: string[], { name, help }: MetricDescription, type: string): void {
  lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
}

function keyOf(names: readonly string[], values: LabelValues): string {
  let key = '';
  for (let index = 0; index < names.length; index++) {
    const value = values[index] ?? '';
    const text = /["\\\n]/.test(value) ? value.replace(/["\\\n]/g, escapeCharacter) : value;
    key += `${index > 0 ? ',' : ''}${names[index]}="${text}"`;
  }
  return key;
}

function escapeCharacter(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`;
}
