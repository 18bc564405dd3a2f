/** The image archives that a cluster's machines import. */
export { storeImageArchive } from './image-archives.ts';
