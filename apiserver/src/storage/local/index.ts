/** What the drivers that keep their keys in this process share: ordered keys, history, watchers, expiry. */
export { type ExpiringKey, Expiry } from './expiry.ts';
export { Mailbox } from './mailbox.ts';
export { emptyKeys, isInRange, keyOf, readRange, revisionOf, undo } from './mvcc.ts';
export { createOrderedMap, endOfPrefix, type OrderedMap } from './ordered-map.ts';
export { replayThenFollow, WatchHub } from './watch-hub.ts';
