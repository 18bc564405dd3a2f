/** How many pods of a budget may be disrupted now. */
export { startDisruption } from './controller.ts';
