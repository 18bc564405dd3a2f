import { parseFieldSelector } from '@coracle/apimachinery/selectors';
import type { RequestInfo } from '../filters/request-info.ts';

/**
 * Watches that are open, by what they watch: how many are told of a change (pkg/util/flowcontrol/watch_tracker.go).
 * A watch on the pods of one node is not counted: an event finds it through an index, and there are many of them.
 */
export class WatchCounts {
  readonly #counts = new Map<string, number>();

  /** Counts a watch until the result is called. */
  register(info: RequestInfo, query: URLSearchParams): () => void {
    if (isIndexed(info, query)) return () => {};
    const key = keyOf(info, info.namespace, info.name);
    this.#add(key, 1);
    let open = true;
    return () => {
      if (open) this.#add(key, -1);
      open = false;
    };
  }

  /** Watches of all objects, of the namespace, and of the very object. */
  interestedIn(info: RequestInfo): number {
    if (this.#counts.size === 0) return 0;
    let count = this.#of(keyOf(info, '', ''));
    if (info.namespace !== '') count += this.#of(keyOf(info, info.namespace, ''));
    if (info.name !== '') count += this.#of(keyOf(info, info.namespace, info.name));
    return count;
  }

  #of(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  #add(key: string, change: 1 | -1): void {
    const count = this.#of(key) + change;
    if (count === 0) this.#counts.delete(key);
    else this.#counts.set(key, count);
  }
}

function keyOf({ group, resource }: RequestInfo, namespace: string, name: string): string {
  return `${group}/${resource}/${namespace}/${name}`;
}

function isIndexed({ resource }: RequestInfo, query: URLSearchParams): boolean {
  if (resource !== 'pods') return false;
  try {
    const node = parseFieldSelector(query.get('fieldSelector') ?? '').exactValue('spec.nodeName');
    return node !== undefined && node !== '';
  } catch {
    return false;
  }
}
