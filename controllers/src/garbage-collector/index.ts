export { startGarbageCollector } from './controller.ts';
