import type { WatchFrame } from '../http/api-request.ts';
import type { View } from '../negotiation/view.ts';
import type { StoredObject, StoreEvent } from '../storage/object-store/object-store.ts';

type ObjectEvent = Exclude<StoreEvent, { type: 'BOOKMARK' }>;

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
  #newest: { readonly event: ObjectEvent; readonly variant: string; readonly frame: WatchFrame } | undefined;

  /** The frame of an event for everybody who looks at it this way. */
  get(event: ObjectEvent, view: Pick<View, 'variant' | 'frame'>): WatchFrame {
    // A change is told to its watchers one after the other: most of them ask what the one before has asked.
    if (this.#newest?.event === event && this.#newest.variant === view.variant) return this.#newest.frame;
    const frame = this.#find(event, view);
    this.#newest = { event, variant: view.variant, frame };
    return frame;
  }

  #find({ type, object }: ObjectEvent, view: Pick<View, 'variant' | 'frame'>): WatchFrame {
    let frames = this.#frames.get(object);
    if (frames === undefined) {
      frames = new Map();
      this.#frames.set(object, frames);
    }
    const variant = `${type} ${view.variant}`;
    let frame = frames.get(variant);
    if (frame === undefined) {
      frame = view.frame(type, object);
      frames.set(variant, frame);
      this.#bytes += object.size;
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
