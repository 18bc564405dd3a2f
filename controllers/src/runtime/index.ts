/** The controller loop: informers → key → reconcile → commit. */
export type { ControllerContext, LoopOptions, SigningMaterial, StartController } from './context.ts';
export { createDiscovery, type DiscoveredResource, type Discovery, parseDiscovery } from './discovery.ts';
export { queueController, queueEach, queueSelf } from './handlers.ts';
export { keyOf, objectKey, splitKey } from './keys.ts';
export { runLoop } from './loop.ts';
export {
  createResourceInformers,
  followable,
  type ResourceFollower,
  type ResourceInformers,
} from './resource-informers.ts';
