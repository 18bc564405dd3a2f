/** Ownership: graph.ts knows it, decide.ts says what follows, collect.ts carries it out. */
export { startGarbageCollector } from './controller.ts';
