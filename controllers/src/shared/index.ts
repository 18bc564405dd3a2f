/** What several controllers decide alike: ownership, expectations, pods, conditions, hashes. */
export { type ChildHandlerOptions, childHandler } from './child-handler.ts';
export { type ClaimDecision, type ClaimOptions, claimObjects, decideClaim } from './claim.ts';
export {
  type ConditionLike,
  findCondition,
  isConditionTrue,
  setStatusCondition,
  withCondition,
  withoutCondition,
} from './conditions.ts';
export { deepEqual, statusEqual } from './equality.ts';
export { Expectations } from './expectations.ts';
export { ignoreNotFound, isNamespaceTerminating, messageOf } from './failures.ts';
export { fnv32a, hashOf, safeEncode, stableText } from './hash.ts';
export { addSharedIndexes, childrenAndOrphans, childrenOf, claimIndex, claimKeys, nodeIndex } from './indexes.ts';
export { controllerOf, controllerReference, isControlledBy } from './owners.ts';
export { createPodControl, type PodControl } from './pod-control.ts';
export { addAmounts, amountsOf, podLimits, podRequests, type ResourceAmounts } from './pod-resources.ts';
export {
  availableInMs,
  compareForDeletion,
  isPodActive,
  isPodAvailable,
  isPodReady,
  isPodTerminal,
  isPodTerminating,
  isTerminating,
  nextAvailabilityMs,
  podFromTemplate,
  readySince,
} from './pods.ts';
export {
  byRevision,
  type EnsuredRevision,
  ensureRevision,
  revisionData,
  revisionHash,
  templateOf,
} from './revisions.ts';
export { scaledValue } from './scaled-value.ts';
export { isEmptySelector, matchesLabels, matchesSelector } from './selector.ts';
export { slowStart } from './slow-start.ts';
export { StaleGuard } from './stale-guard.ts';
export { byCreation, compareText, createdAt, formatMicroTime, formatTime, parseTime } from './time.ts';
