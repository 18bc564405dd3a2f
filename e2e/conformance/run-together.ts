import { constants } from 'node:os';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs tasks at the same time and gives their results when all have ended. They are stopped when one of them fails, whose
 * error is thrown once the others have ended, and when this process gets a signal: it exits once they have, with the code
 * that shells give to it. A second signal does what it does to everybody.
 */
export async function runTogether<T>(tasks: readonly ((stop: AbortSignal) => Promise<T>)[]): Promise<T[]> {
  const stop = new AbortController();
  let signalled: NodeJS.Signals | undefined;
  const ignore = () => signals.forEach((signal) => process.off(signal, onSignal));
  const onSignal = (signal: NodeJS.Signals) => {
    ignore();
    signalled = signal;
    stop.abort();
  };
  for (const signal of signals) process.on(signal, onSignal);
  const ended = await Promise.allSettled(
    tasks.map(async (task) => {
      try {
        return await task(stop.signal);
      } catch (error) {
        stop.abort(error);
        throw error;
      }
    }),
  );
  ignore();
  if (signalled !== undefined) process.exit(128 + constants.signals[signalled]);
  stop.signal.throwIfAborted();
  return ended.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
}
