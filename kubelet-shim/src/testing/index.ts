/** Short spellings of pods and of what a runtime has of them, for table tests. */
export { container, observed, podOf } from './builders.ts';
