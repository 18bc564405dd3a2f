/** Values for many readers at once; each reader sees what is sent after it began to read. */
export interface Broadcast<T> {
  send(value: T): void;
  read(signal: AbortSignal): AsyncIterable<T>;
}

export function createBroadcast<T>(): Broadcast<T> {
  const readers = new Set<(value: T) => void>();
  return {
    send(value) {
      for (const reader of readers) reader(value);
    },
    read(signal) {
      // Reading begins with the call, not with the first turn of the loop.
      const waiting: T[] = [];
      let wake = () => {};
      const reader = (value: T) => {
        waiting.push(value);
        wake();
      };
      readers.add(reader);
      signal.addEventListener('abort', () => wake(), { once: true });
      return {
        async *[Symbol.asyncIterator]() {
          try {
            while (!signal.aborted) {
              yield* waiting.splice(0);
              if (waiting.length > 0 || signal.aborted) continue;
              await new Promise<void>((resolve) => {
                wake = resolve;
              });
            }
          } finally {
            readers.delete(reader);
          }
        },
      };
    },
  };
}
