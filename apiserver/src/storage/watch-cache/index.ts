/** The newest state and the recent changes of every resource, and everybody who follows them. */
export { CachedResource } from './cached-resource.ts';
export { Feed } from './feed.ts';
