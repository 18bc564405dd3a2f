import type { PodRuns } from './run-pod.ts';
import type { Work } from './works.ts';

/** One work on one control plane. */
export interface Measured {
  readonly title: string;
  /** Operations a second. */
  readonly rate: number;
  /** Processor time of all server processes, milliseconds an operation. */
  readonly costMs: number;
  /** The same of the client. */
  readonly clientMs: number;
  readonly p99Ms: number;
  /** Events that a watcher did not get. */
  readonly lost: number;
}

export interface Report {
  readonly title: string;
  readonly readyMs: number;
  /** Undefined where it was not measured. */
  readonly idle: Idle | undefined;
  /** Resident memory after all the work. */
  readonly loadedMiB: number;
  readonly measured: readonly Measured[];
}

/** A control plane of which nothing is asked. */
export interface Idle {
  readonly memoryMiB: number;
  /** Share of one core. */
  readonly share: number;
}

export const podRunsTitle = 'kubectl run of a loaded image to Running';
const podRunSecondsMax = 3;

/** A table for people. With two reports the first is the reference, and every line has both ratios. */
export function formatReport(reports: readonly Report[], podRuns: PodRuns | undefined, works: readonly Work[]): string {
  const [base, own] = reports.length > 1 ? [reports[0], reports[1]] : [undefined, reports[0]];
  const lines = own === undefined ? [] : [workTable(own, base, works), ...summary(own, base)];
  if (podRuns !== undefined) lines.push(podRunsLine(podRuns));
  return `${lines.join('\n')}\n`;
}

function workTable(own: Report, base: Report | undefined, works: readonly Work[]): string {
  const rows = [['work', 'rate/s', 'cost ms', 'p99 ms', 'reference rate', 'cost', 'rate ×', 'cost ÷', 'target']];
  for (const measured of own.measured) {
    const other = base?.measured.find((candidate) => candidate.title === measured.title);
    const target = works.find((work) => work.title === measured.title)?.target;
    rows.push([
      measured.title,
      measured.rate.toFixed(1),
      measured.costMs.toFixed(3),
      measured.p99Ms.toFixed(1),
      other?.rate.toFixed(1) ?? '',
      other?.costMs.toFixed(3) ?? '',
      other ? (measured.rate / other.rate).toFixed(2) : '',
      other ? (other.costMs / measured.costMs).toFixed(2) : '',
      other && target ? verdict(measured, other, target) : '',
    ]);
    if (measured.lost > 0) rows.push([`  LOST ${measured.lost} events`]);
  }
  return table(rows);
}

function summary(own: Report, base: Report | undefined): string[] {
  const lines = [line('ready after', own.readyMs / 1000, base && base.readyMs / 1000, 's', 'target 0.8')];
  if (own.idle === undefined) return lines;
  return [
    ...lines,
    line('idle memory', own.idle.memoryMiB, base?.idle?.memoryMiB, 'MiB', 'target 200'),
    line('memory after the work', own.loadedMiB, base?.loadedMiB, 'MiB', 'target 400'),
    line('idle processor', own.idle.share * 100, base?.idle && base.idle.share * 100, '% of a core', 'target 2'),
  ];
}

function podRunsLine(runs: PodRuns): string {
  if ('obstacle' in runs) return `${podRunsTitle}: not measured here: ${runs.obstacle}`;
  const sorted = [...runs.seconds].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const slowest = sorted.at(-1) ?? Number.NaN;
  const met = slowest <= podRunSecondsMax ? 'met' : 'MISSED';
  return `${podRunsTitle}: ${median.toFixed(2)} s, slowest of ${sorted.length} ${slowest.toFixed(2)} s, target ${podRunSecondsMax}: ${met}`;
}

function verdict(own: Measured, base: Measured, target: NonNullable<Work['target']>): string {
  const parts: string[] = [];
  if (target.rate !== undefined)
    parts.push(`rate ≥${target.rate}: ${own.rate / base.rate >= target.rate ? 'met' : 'MISSED'}`);
  if (target.cost !== undefined) {
    parts.push(`cost ÷${(1 / target.cost).toFixed(0)}: ${own.costMs / base.costMs <= target.cost ? 'met' : 'MISSED'}`);
  }
  return parts.join(', ');
}

function line(title: string, own: number, base: number | undefined, unit: string, target: string): string {
  const compared = base === undefined ? '' : ` (reference ${base.toFixed(2)})`;
  return `${title}: ${own.toFixed(2)} ${unit}${compared}${target === '' ? '' : `, ${target}`}`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => [...(row[column] ?? '')].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
    .map((text) => text.trimEnd())
    .join('\n');
}
