export type * from './client.ts';
export { type ClientOptions, createClient } from './create-client.ts';
export { pathOf, queryOf } from './paths.ts';
