/** EndpointSlices from Endpoints that somebody keeps by hand. */
export { startEndpointSliceMirroring } from './controller.ts';
