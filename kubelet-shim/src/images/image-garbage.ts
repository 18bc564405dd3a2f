import type { Environment, Running } from '@coracle/apimachinery/component';
import { machineDisk } from '../node/machine-disk.ts';
import type { ContainerRuntime, RuntimeImage } from '../runtime/index.ts';

export interface ImageGarbageDependencies {
  readonly environment: Environment;
  readonly runtime: ContainerRuntime;
  /** Bytes of disk that the machine was promised; 0: what there is. */
  readonly diskBytes: number;
  /** Told what could not be freed, for an event about the node. */
  readonly failed: (message: string) => void;
}

/** Upstream's defaults (imageGCHighThresholdPercent and its neighbours). */
const highPercent = 85;
const lowPercent = 80;
const minAgeMs = 120_000;
const intervalMs = 300_000;

export interface ImageGarbageCollector extends Running {
  /** Removes every image that no container uses, as the disk is needed now. */
  deleteUnused(): Promise<void>;
}

/** When the disk of the images is fuller than 85 %, removes images that nobody uses until it is 80 % full. */
export function startImageGarbageCollector(dependencies: ImageGarbageDependencies): ImageGarbageCollector {
  const { environment, runtime, diskBytes, failed } = dependencies;
  const { clock, log } = environment;
  const stopping = new AbortController();
  const seen = new Map<string, ImageUse>();

  /** Bytes that were freed. */
  const remove = async (wanted: number): Promise<number> => {
    const [images, containers] = await Promise.all([runtime.listImages(), runtime.listContainers()]);
    const inUse = new Set(containers.flatMap(({ imageRef, imageId }) => [imageRef, imageId]));
    noteUse(seen, images, inUse, clock.now());
    let freed = 0;
    for (const image of imagesToRemove(images, inUse, seen, clock.now())) {
      if (freed >= wanted) break;
      log.info('an unused image is removed', { image: image.repoTags[0] ?? image.id, bytes: image.sizeBytes });
      await runtime.removeImage(image.id);
      freed += image.sizeBytes;
    }
    return freed;
  };

  const collect = async (): Promise<void> => {
    const filesystem = await runtime.imageFilesystem();
    if (!filesystem) return;
    const { capacity, available } = await machineDisk(filesystem.mountpoint, diskBytes);
    const usedPercent = 100 - Math.floor((available * 100) / capacity);
    const wanted = usedPercent < highPercent ? 0 : Math.ceil((capacity * (100 - lowPercent)) / 100) - available;
    const freed = await remove(wanted);
    if (freed < wanted)
      failed(
        `Failed to garbage collect required amount of images. Attempted to free ${wanted} bytes, but only found ${freed} bytes eligible to free.`,
      );
  };

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await clock.sleep(intervalMs, stopping.signal).catch(() => {});
      if (stopping.signal.aborted) return;
      await collect().catch((error: unknown) => log.warn('images could not be collected', { error: String(error) }));
    }
  };
  const running = loop();

  return {
    async deleteUnused() {
      await remove(Number.POSITIVE_INFINITY);
    },
    async stop() {
      stopping.abort(new Error('the node agent stops'));
      await running;
    },
  };
}

export interface ImageUse {
  readonly firstSeen: number;
  readonly lastUsed: number;
}

/** Brings the notes up to date with what is there and what of it is used now. */
export function noteUse(
  seen: Map<string, ImageUse>,
  images: readonly RuntimeImage[],
  inUse: ReadonlySet<string>,
  now: number,
): void {
  const present = new Set(images.map(({ id }) => id));
  for (const id of seen.keys()) if (!present.has(id)) seen.delete(id);
  for (const id of present) {
    const before = seen.get(id) ?? { firstSeen: now, lastUsed: 0 };
    seen.set(id, inUse.has(id) ? { ...before, lastUsed: now } : before);
  }
}

/** What may go, the longest unused first. Pure. */
export function imagesToRemove(
  images: readonly RuntimeImage[],
  inUse: ReadonlySet<string>,
  seen: ReadonlyMap<string, ImageUse>,
  now: number,
): readonly RuntimeImage[] {
  const useOf = ({ id }: RuntimeImage): ImageUse => seen.get(id) ?? { firstSeen: now, lastUsed: now };
  const mayGo = (image: RuntimeImage) =>
    !image.pinned && !inUse.has(image.id) && now - useOf(image).firstSeen >= minAgeMs;
  return images
    .filter(mayGo)
    .sort((a, b) => useOf(a).lastUsed - useOf(b).lastUsed || useOf(a).firstSeen - useOf(b).firstSeen);
}
