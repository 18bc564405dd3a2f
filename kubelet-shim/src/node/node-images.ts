import type { ContainerImage } from '@coracle/apimachinery/types/core-v1';
import type { ContainerRuntime } from '../runtime/index.ts';

/** The images that the Node's status lists. Asked of the runtime again only after an image came that was not there. */
export interface NodeImages {
  list(): Promise<readonly ContainerImage[]>;
  noteUse(imageId: string): void;
}

/** nodeStatusMaxImages and maxNamesPerImageInNodeStatus. */
const imagesMax = 50;
const namesMax = 5;

export function createNodeImages(runtime: ContainerRuntime): NodeImages {
  let known: ReadonlySet<string> = new Set();
  let cached: readonly ContainerImage[] | undefined;
  return {
    async list() {
      if (cached) return cached;
      const images = await runtime.listImages();
      known = new Set(images.map(({ id }) => id));
      cached = images
        .toSorted((a, b) => b.sizeBytes - a.sizeBytes)
        .slice(0, imagesMax)
        .map(({ repoDigests, repoTags, sizeBytes }) => ({
          names: [...repoDigests, ...repoTags].slice(0, namesMax),
          sizeBytes,
        }));
      return cached;
    },
    noteUse(imageId) {
      if (!known.has(imageId)) cached = undefined;
    },
  };
}
