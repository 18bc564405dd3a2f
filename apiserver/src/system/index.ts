/** Objects that every cluster has from the start. */
export { ensureSystemObjects, firstAddress, type SystemOptions } from './system-objects.ts';
