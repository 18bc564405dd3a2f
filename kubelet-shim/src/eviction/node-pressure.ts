import type { PressureCondition } from './thresholds.ts';

/** What the node is short of now: written by the eviction manager, read by admission and by the node's status. */
export interface NodePressure {
  readonly conditions: ReadonlySet<PressureCondition>;
  set(conditions: ReadonlySet<PressureCondition>): void;
}

/** `changed` is told each condition that came or went. */
export function createNodePressure(changed: (condition: PressureCondition, isPresent: boolean) => void): NodePressure {
  let present: ReadonlySet<PressureCondition> = new Set();
  return {
    get conditions() {
      return present;
    },
    set(conditions) {
      const before = present;
      present = conditions;
      for (const condition of conditions.difference(before)) changed(condition, true);
      for (const condition of before.difference(conditions)) changed(condition, false);
    },
  };
}
