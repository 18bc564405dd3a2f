/** One `ResourceRef` for each resource that a server of this release has built in: `client.get(Pods, …)` gives a `Pod`. */
export * from '../generated/refs.ts';
