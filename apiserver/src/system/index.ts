/** Objects that every cluster has from the start. */
export { ownRequests, type SendOwnRequest } from './own-requests.ts';
export { ensureSystemObjects, firstAddress, type SystemOptions } from './system-objects.ts';
