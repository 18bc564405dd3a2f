import type { TerminalSize } from '../runtime/index.ts';

/** Sizes as they arrive; a reader that is late gets the last one only. */
export interface TerminalSizes extends AsyncIterable<TerminalSize> {
  /** One `{"Width":80,"Height":24}`; anything else is ignored. */
  put(json: string): void;
  end(): void;
}

export function createTerminalSizes(): TerminalSizes {
  let latest: TerminalSize | undefined;
  let ended = false;
  let wake = () => {};
  return {
    put(json) {
      latest = parse(json) ?? latest;
      wake();
    },
    end() {
      ended = true;
      wake();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        if (latest) {
          const size = latest;
          latest = undefined;
          yield size;
        } else if (ended) return;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    },
  };
}

function parse(json: string): TerminalSize | undefined {
  try {
    const { Width, Height } = JSON.parse(json) as { Width?: number; Height?: number };
    return typeof Width === 'number' && typeof Height === 'number' ? { width: Width, height: Height } : undefined;
  } catch {
    return undefined;
  }
}
