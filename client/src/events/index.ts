export { createEventRecorder, type EventSource } from './create-event-recorder.ts';
export type * from './recorder.ts';
