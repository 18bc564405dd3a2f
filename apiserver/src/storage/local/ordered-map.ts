import sortedBtree, { simpleComparator } from 'sorted-btree';

/** A map ordered by key with cheap copies: a clone shares every node until one of the two is changed. */
export type OrderedMap<V> = InstanceType<typeof sortedBtree.default<string, V>>;

export function createOrderedMap<V>(): OrderedMap<V> {
  return new sortedBtree.default<string, V>(undefined, compareKeys);
}

const compareKeys: (a: string, b: string) => number = simpleComparator;

/** The first key after all keys that begin with `prefix`. */
export function endOfPrefix(prefix: string): string {
  const last = prefix.length - 1;
  return prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1);
}
