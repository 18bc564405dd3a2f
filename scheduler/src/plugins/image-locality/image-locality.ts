import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { KnownImage } from '../../cache/images.ts';
import type { NodeInfo } from '../../cache/node-info.ts';
import type { Cluster } from '../../framework/cluster.ts';
import { type Plugin, scoreMax } from '../../framework/plugin.ts';

const name = 'ImageLocality';
const mebibyte = 1024 * 1024;
/** Less than this of images on the node counts for nothing, more than this for each image as everything. */
const bytesMin = 23 * mebibyte;
const bytesMaxPerImage = 1000 * mebibyte;

/** Prefers nodes that have the pod's images, the less the fewer nodes have them. */
export function imageLocality({ cache }: Cluster): Plugin {
  return {
    name,
    score({ pod }) {
      const names = imageNames(pod);
      const known = names.map((image) => cache.images.get(image)).filter((image) => image !== undefined);
      if (known.length === 0) return undefined;
      const bytesMax = bytesMaxPerImage * names.length;
      const nodesTotal = cache.nodes.length;
      return (nodes, scores) => {
        for (let at = 0; at < nodes.length; at++) {
          const present = bytesOn(nodes[at] as NodeInfo, known, nodesTotal);
          const bytes = Math.min(Math.max(present, bytesMin), bytesMax);
          scores[at] = Math.trunc((scoreMax * (bytes - bytesMin)) / (bytesMax - bytesMin));
        }
      };
    },
  };
}

function bytesOn({ name: nodeName }: NodeInfo, images: readonly KnownImage[], nodesTotal: number): number {
  let bytes = 0;
  for (const image of images) {
    if (image.nodes.has(nodeName)) bytes += Math.trunc(image.size * (image.nodes.size / nodesTotal));
  }
  return bytes;
}

function imageNames({ spec }: Pod): readonly string[] {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const volumes = (spec?.volumes ?? []).map((volume) => volume.image?.reference).filter((text) => text !== undefined);
  return [...containers.map((container) => container.image ?? ''), ...volumes].map(withTag);
}

/** As the node's runtime names it: `web` is `web:latest`. */
function withTag(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image;
}
