import type { WatchFrame } from '../http/api-request.ts';
import type { StoredObject } from '../storage/object-store/object-store.ts';

/**
 * The watch frames of the newest changes, so that a hundred watchers of one change send one buffer. Bounded, because the
 * objects themselves live much longer than anybody wants to be told of them: the oldest change is forgotten first.
 */
export class SharedFrames {
  readonly #frames = new Map<StoredObject, Map<string, WatchFrame>>();
  readonly #changesMax: number;

  constructor(changesMax = 512) {
    this.#changesMax = changesMax;
  }

  /** `variant` names type, kind and encoding of the frame. */
  get(stored: StoredObject, variant: string, make: () => WatchFrame): WatchFrame {
    let frames = this.#frames.get(stored);
    if (frames === undefined) {
      frames = new Map();
      if (this.#frames.size >= this.#changesMax) this.#forgetOldest();
      this.#frames.set(stored, frames);
    }
    let frame = frames.get(variant);
    if (frame === undefined) {
      frame = make();
      frames.set(variant, frame);
    }
    return frame;
  }

  #forgetOldest(): void {
    for (const oldest of this.#frames.keys()) {
      this.#frames.delete(oldest);
      return;
    }
  }
}
