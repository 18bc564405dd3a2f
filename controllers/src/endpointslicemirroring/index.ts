export { startEndpointSliceMirroring } from './controller.ts';
