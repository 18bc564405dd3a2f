/** Work that is spread over turns of the event loop. */
export { Turns } from './turns.ts';
