/** Objects that every cluster has from the start, and what goes when it is over. */
export { cleanUpLeases } from './lease-cleanup.ts';
export { ownRequests, type SendOwnRequest } from './own-requests.ts';
export { ensureSystemObjects, firstAddress, type SystemOptions } from './system-objects.ts';
