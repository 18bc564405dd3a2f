/** The Node object, its lease, and the contract of the agent with its machine. */
export type * from './options.ts';
