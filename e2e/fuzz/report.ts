import type { Report } from './campaign.ts';
import { inUse, type Memory } from '../support/index.ts';

const mebibyte = 1024 * 1024;

/**
 * How much more may be in use at the end than after the first part, in bytes of heap and buffers: room for caches with a
 * limit (compiled expressions, schemas, times) and for what the collector leaves. A leak of one object a request is more.
 */
const growthBytesMax = 32 * mebibyte;

export function grownTooFar({ before, after }: Report): boolean {
  return inUse(after) - inUse(before) >= growthBytesMax;
}

export function reportText(report: Report): string {
  const { requests, statuses, families, failures, before, after } = report;
  const list = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  const size = (memory: Memory) =>
    `${(inUse(memory) / mebibyte).toFixed(1)} MiB (rss ${(memory.rss / mebibyte).toFixed(0)})`;
  return [
    `${requests} requests, ${failures.length} failures`,
    `statuses: ${list(statuses)} (0: no answer, -1: not sent or no HTTP answer)`,
    `families: ${list(families)}`,
    `memory in use after the first part ${size(before)}, at the end ${size(after)}${grownTooFar(report) ? ': grown too far' : ''}`,
  ].join('\n');
}
