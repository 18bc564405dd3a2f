import { endOfPrefix } from '../local/index.ts';
import { type KeyLayout, storageKey } from '../object-store/keys.ts';
import type { ListRequest, ListResult, Selectable, Selection } from '../object-store/object-store.ts';
import type { StoredEntry } from '../object-store/stored-entry.ts';
import type { Snapshot } from './watch-cache.ts';

type Page = Pick<ListResult, 'items' | 'more'>;
type PageRequest = Selection & Pick<ListRequest, 'limit' | 'startAfter'>;

/** The objects of a state that a list asks for, in key order. */
export function listSnapshot(objects: Snapshot, layout: KeyLayout, request: PageRequest): Page {
  const { namespace, name, matches, limit, startAfter } = request;
  // What admission asks about each write (limits, quotas, policies) is mostly not there at all.
  if (objects.size === 0) return { items: [] };
  if (name !== undefined && (namespace !== undefined || !layout.namespaced)) {
    const entry = objects.get(storageKey(layout, { namespace, name }));
    return { items: entry !== undefined && (matches?.(entry) ?? true) ? [entry] : [] };
  }
  const root = layout.namespaced && namespace !== undefined ? `${layout.root}${namespace}/` : layout.root;
  const low = startAfter === undefined ? root : `${storageKey(layout, startAfter)}\0`;
  const high = endOfPrefix(root);
  const selects =
    name === undefined ? matches : (entry: Selectable) => entry.name === name && (matches?.(entry) ?? true);
  return limit === undefined ? whole(objects, low, high, selects) : cut(objects, low, high, selects, limit);
}

function whole(objects: Snapshot, low: string, high: string, selects: Selection['matches']): Page {
  const items: StoredEntry[] = [];
  const collect =
    selects === undefined
      ? (_key: string, entry: StoredEntry): void => {
          items.push(entry);
        }
      : (_key: string, entry: StoredEntry): void => {
          if (selects(entry)) items.push(entry);
        };
  objects.forRange(low, high, false, collect);
  return { items };
}

function cut(objects: Snapshot, low: string, high: string, selects: Selection['matches'], limit: number): Page {
  const items: StoredEntry[] = [];
  for (const [key, entry] of objects.entries(low)) {
    if (key >= high) break;
    if (selects !== undefined && !selects(entry)) continue;
    if (items.length === limit) {
      const remaining = selects === undefined ? objects.forRange(key, high, false) : undefined;
      return { items, more: { remaining } };
    }
    items.push(entry);
  }
  return { items };
}
