export { normalizeImageName, repositoryOf } from './image-name.ts';
export { createImageManager, type ImageManagerDependencies } from './image-manager.ts';
export { credentialsFor } from './pull-secrets.ts';
