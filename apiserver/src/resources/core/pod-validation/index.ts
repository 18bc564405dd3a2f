export { podAnnotationErrors, podErrors, podSpecErrors } from './pod-spec.ts';
export { resourceErrors } from './resources.ts';
export { volumeSourceErrors } from './volume-sources.ts';
export { hostPathTypes } from './volumes.ts';
export { nodeSelectorErrors, tolerationErrors } from './scheduling.ts';
export { ephemeralContainersUpdateErrors, podStatusErrors, podUpdateErrors, resizeErrors } from './updates.ts';
