import { skipBecause } from './machine.ts';

export interface StartedBeforeOptions<T> {
  /** Why it cannot be started here; the suite is skipped where it tells one. */
  readonly obstacle?: () => string | undefined;
  /** What else has to be done before the tests. */
  readonly prepare?: (started: T) => Promise<void>;
}

/**
 * Starts something before the tests of the suite that this is called in, and disposes of it after them, also where preparing
 * it fails. Gives what lets tests have it.
 */
export function startedBefore<T extends AsyncDisposable>(
  start: () => Promise<T>,
  { obstacle, prepare }: StartedBeforeOptions<T> = {},
): () => T {
  let started: T | undefined;
  before(async function () {
    skipBecause(this, obstacle?.());
    started = await start();
    await prepare?.(started);
  });
  after(() => started?.[Symbol.asyncDispose]());
  return () => {
    if (started === undefined) throw new Error('what the suite starts before its tests is not there yet');
    return started;
  };
}
