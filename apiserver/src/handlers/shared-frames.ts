import type { WatchFrame } from '../http/api-request.ts';
import type { StoredObject } from '../storage/object-store/object-store.ts';

/** What is remembered at most. */
const changesMax = 512;
/** Of frames, each taken to be as large as its object in the store. */
const bytesMax = 8 * 1024 * 1024;

/**
 * The watch frames of the newest changes, so that a hundred watchers of one change send one buffer. Bounded, because the
 * objects themselves live much longer than anybody wants to be told of them: the oldest change is forgotten first.
 */
export class SharedFrames {
  readonly #frames = new Map<StoredObject, Map<string, WatchFrame>>();
  #bytes = 0;

  /** `variant` names type, kind and encoding of the frame. */
  get(stored: StoredObject, variant: string, make: () => WatchFrame): WatchFrame {
    let frames = this.#frames.get(stored);
    if (frames === undefined) {
      frames = new Map();
      this.#frames.set(stored, frames);
    }
    let frame = frames.get(variant);
    if (frame === undefined) {
      frame = make();
      frames.set(variant, frame);
      this.#bytes += stored.size;
      this.#forgetOldest();
    }
    return frame;
  }

  #forgetOldest(): void {
    for (const [oldest, frames] of this.#frames) {
      if (this.#frames.size <= changesMax && this.#bytes <= bytesMax) return;
      this.#frames.delete(oldest);
      this.#bytes -= frames.size * oldest.size;
    }
  }
}
