export type * from './recorder.ts';
