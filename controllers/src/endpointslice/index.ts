/** EndpointSlices of services that select pods. */
export { startEndpointSlice } from './controller.ts';
export { packSlices, portsKey, recycle, type SliceWrites } from './pack.ts';
export { sliceLabels, typeOfAddress } from './reconcile.ts';
export {
  belongsInEndpoints,
  endpointHostname,
  hasClusterIp,
  PodBatches,
  podHandler,
  selects,
  targetPort,
} from './service-pods.ts';
export { triggerTimeAnnotation, TriggerTimes } from './trigger-time.ts';
export { writeSlices } from './write-slices.ts';
