import { type CoreEvent, timestamp } from './core-event.ts';
import { RecentMap } from './recent-map.ts';

/** The numbers of client-go tools/record/events_cache.go. */
const recordsMax = 4096;
const burst = 25;
const refillMs = 300_000;
const similarMax = 10;
const similarWindowMs = 600_000;

export type Correlated =
  | { readonly action: 'create'; readonly event: CoreEvent }
  /** An event like this was written before, as `event.metadata.name`: only its count, time and text change. */
  | { readonly action: 'count'; readonly event: CoreEvent };

interface Bucket {
  tokens: number;
  refilledAt: number;
}

interface Similar {
  readonly messages: Set<string>;
  lastAt: number;
}

interface Written {
  readonly name: string;
  readonly firstTimestamp: string;
  readonly count: number;
}

/**
 * Decides what becomes of an event. In this order: many alike that differ only in their message become one; one that was
 * written before becomes a count; an object that is talked about too much is not talked about for a while.
 */
export class EventCorrelator {
  readonly #buckets = new RecentMap<Bucket>(recordsMax);
  readonly #similar = new RecentMap<Similar>(recordsMax);
  readonly #written = new RecentMap<Written>(recordsMax);

  /** Undefined where the event is not to be written. `nowMs` is wall-clock time. */
  correlate(event: CoreEvent, nowMs: number): Correlated | undefined {
    const { event: combined, key } = this.#combine(event, nowMs);
    const before = this.#written.get(key);
    const result: Correlated = before
      ? { action: 'count', event: countedUp(combined, before) }
      : { action: 'create', event: combined };
    const { metadata, firstTimestamp, count } = result.event;
    this.#written.set(key, { name: metadata?.name ?? '', firstTimestamp, count });
    return this.#isSpam(event, nowMs) ? undefined : result;
  }

  #combine(event: CoreEvent, nowMs: number): { event: CoreEvent; key: string } {
    const groupKey = keyOfSimilar(event);
    const known = this.#similar.get(groupKey);
    const group =
      known && nowMs - known.lastAt <= similarWindowMs ? known : { messages: new Set<string>(), lastAt: nowMs };
    group.messages.add(event.message);
    group.lastAt = nowMs;
    this.#similar.set(groupKey, group);
    if (group.messages.size < similarMax) return { event, key: `${groupKey}\0${event.message}` };
    const { value: one } = group.messages.values().next();
    if (one !== undefined) group.messages.delete(one);
    const message = `(combined from similar events): ${event.message}`;
    return { event: { ...event, message, lastTimestamp: timestamp(nowMs) }, key: groupKey };
  }

  #isSpam(event: CoreEvent, nowMs: number): boolean {
    const key = keyOfTarget(event);
    const bucket = this.#buckets.get(key) ?? { tokens: burst, refilledAt: nowMs };
    bucket.tokens = Math.min(burst, bucket.tokens + (nowMs - bucket.refilledAt) / refillMs);
    bucket.refilledAt = nowMs;
    this.#buckets.set(key, bucket);
    if (bucket.tokens < 1) return true;
    bucket.tokens -= 1;
    return false;
  }
}

function countedUp(event: CoreEvent, before: Written): CoreEvent {
  const metadata = { ...event.metadata, name: before.name };
  return { ...event, metadata, firstTimestamp: before.firstTimestamp, count: before.count + 1 };
}

function keyOfTarget({ source, involvedObject: target, type }: CoreEvent): string {
  const object = [target.kind, target.namespace, target.name, target.uid, target.apiVersion];
  return [source.component, source.host, ...object, type].join('\0');
}

function keyOfSimilar(event: CoreEvent): string {
  return [keyOfTarget(event), event.involvedObject.fieldPath, event.reason].join('\0');
}
