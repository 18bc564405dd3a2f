export { podAnnotationErrors, podErrors, podSpecErrors } from './pod-spec.ts';
export { hostPathTypes } from './volumes.ts';
export { nodeSelectorErrors, tolerationErrors } from './scheduling.ts';
export { ephemeralContainersUpdateErrors, podStatusErrors, podUpdateErrors, resizeErrors } from './updates.ts';
