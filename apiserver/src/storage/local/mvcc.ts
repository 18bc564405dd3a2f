import type { KeyRange, KeyValue, RangeOptions, RangeResult, Revision, StorageEvent } from '../storage.ts';
import { createOrderedMap, type OrderedMap } from './ordered-map.ts';

/** Answers a range from an ordered map that holds the state at `revision`. */
export function readRange(
  keys: OrderedMap<KeyValue>,
  range: KeyRange,
  revision: Revision,
  options: RangeOptions = {},
): RangeResult {
  const limit = options.countOnly ? 0 : (options.limit ?? Number.POSITIVE_INFINITY);
  const items: KeyValue[] = [];
  const collect = (_key: string, item: KeyValue, index: number): void => {
    if (index < limit) items.push(item);
  };
  const count = keys.forRange(range.start, range.end ?? range.start, range.end === undefined, collect);
  return { revision, items, more: !options.countOnly && items.length < count, count };
}

/**
 * The state before `events`, made by taking them back from the newest to the oldest. Only keys of the range are right
 * afterwards; `current` is left as it is.
 */
export function undo(current: OrderedMap<KeyValue>, events: readonly StorageEvent[]): OrderedMap<KeyValue> {
  const keys = events.length === 0 ? current : current.clone();
  for (let index = events.length - 1; index >= 0; index--) {
    const event = events[index] as StorageEvent;
    const key = keyOf(event);
    if (event.previous === undefined) keys.delete(key);
    else keys.set(key, event.previous);
  }
  return keys;
}

export function emptyKeys(): OrderedMap<KeyValue> {
  return createOrderedMap<KeyValue>();
}

export function keyOf(event: StorageEvent): string {
  return event.type === 'put' ? event.current.key : event.key;
}

export function revisionOf(event: StorageEvent): Revision {
  return event.type === 'put' ? event.current.modRevision : event.revision;
}

export function isInRange(key: string, range: KeyRange): boolean {
  return range.end === undefined ? key === range.start : key >= range.start && key < range.end;
}
