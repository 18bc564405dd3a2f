/** How many requests run at once, and whose turn it is: API priority and fairness. */
export { flowControlDumps } from './debug-dump.ts';
export { PriorityAndFairness } from './flow-control.ts';
export { startFlowControl } from './start-flow-control.ts';
