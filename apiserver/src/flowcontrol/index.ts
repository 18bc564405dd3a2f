/** How many requests run at once, and whose turn it is. */
export { PriorityAndFairness } from './flow-control.ts';
