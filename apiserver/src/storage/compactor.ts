import type { Timer } from '@coracle/apimachinery/clock';
import type { Environment } from '@coracle/apimachinery/component';
import { CompactedError, type Revision, type Storage } from './storage.ts';

/** As upstream's `--etcd-compaction-interval`. What was current this long ago can still be read. */
const intervalMs = 5 * 60_000;
/** More history than this is not kept, however young. */
const revisionsMax = 200_000;

export interface Compactor {
  /** This is the newest revision now. */
  progressed(revision: Revision): void;
  stop(): void;
}

/**
 * Forgets history that is older than one to two intervals, or too long. The clock runs only while something is written.
 */
export function startCompactor(storage: Storage, { clock, log }: Environment): Compactor {
  let timer: Timer | undefined;
  /** The revision at the last round. */
  let marked: Revision | undefined;
  let running = false;
  let stopped = false;

  const compact = async (revision: Revision): Promise<void> => {
    if (running || stopped || revision <= storage.compactedRevision) return;
    running = true;
    try {
      await storage.compact(revision);
    } catch (error) {
      if (!(error instanceof CompactedError) && !stopped)
        log.warn('compaction failed', { revision, error: String(error) });
    } finally {
      running = false;
    }
  };

  const round = async (): Promise<void> => {
    timer = undefined;
    if (stopped) return;
    const revision = await storage.currentRevision();
    if (marked !== undefined) void compact(marked);
    if (marked !== revision) arm();
    marked = revision;
  };

  const arm = (): void => {
    if (stopped) return;
    timer ??= clock.after(intervalMs, () => {
      round().catch((error: unknown) => {
        if (!stopped) log.warn('compaction failed', { error: String(error) });
      });
    });
  };

  return {
    progressed(revision) {
      if (timer === undefined) arm();
      if (revision - storage.compactedRevision > 2 * revisionsMax) void compact(revision - revisionsMax);
    },
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}
