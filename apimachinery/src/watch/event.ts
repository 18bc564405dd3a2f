import type { Status } from '../errors/index.ts';
import type { KubernetesObject } from '../meta/object-meta.ts';

/** What a watch tells: a change of an object, how far it has come, or why it ended. */
export type WatchEvent<T extends KubernetesObject = KubernetesObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | Bookmark
  | { readonly type: 'ERROR'; readonly object: Status };

/** Nothing changed up to this revision: the watcher may resume from it. */
export interface Bookmark {
  readonly type: 'BOOKMARK';
  readonly object: {
    readonly apiVersion?: string;
    readonly kind?: string;
    readonly metadata: {
      readonly resourceVersion: string;
      readonly annotations?: Readonly<Record<string, string>>;
    };
  };
}

/** Annotation of the bookmark that ends the initial events of a streaming list (KEP-3157). */
export const initialEventsEndAnnotation = 'k8s.io/initial-events-end';

/** True for the bookmark that says all objects of the present state were told. */
export function endsInitialEvents(event: WatchEvent): boolean {
  return event.type === 'BOOKMARK' && event.object.metadata.annotations?.[initialEventsEndAnnotation] === 'true';
}

/**
 * What a watcher with a selector sees of a change: an object that begins to match is added, one that ceases to is
 * deleted, one that never did is not mentioned.
 */
export function filteredType(
  type: 'ADDED' | 'MODIFIED' | 'DELETED',
  matches: boolean,
  matched: boolean,
): typeof type | undefined {
  if (type === 'ADDED') return matches ? 'ADDED' : undefined;
  if (type === 'DELETED') return matched ? 'DELETED' : undefined;
  if (matches) return matched ? 'MODIFIED' : 'ADDED';
  return matched ? 'DELETED' : undefined;
}
