/** Which images a node has: names, pulls and their credentials, and the removal of what nobody uses. */
export { type ImageGarbageDependencies, startImageGarbageCollector } from './image-garbage.ts';
export { normalizeImageName, repositoryOf } from './image-name.ts';
export { createImageManager, type ImageManagerDependencies } from './image-manager.ts';
export { credentialsFor } from './pull-secrets.ts';
