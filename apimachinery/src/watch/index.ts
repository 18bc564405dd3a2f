export { BoundedQueue, QueueOverflowError } from './bounded-queue.ts';
export {
  type Bookmark,
  endsInitialEvents,
  filteredType,
  initialEventsEndAnnotation,
  type WatchEvent,
} from './event.ts';
