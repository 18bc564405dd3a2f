const actions = new Set<() => void>();
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Has `action` called, synchronously, when this process ends by itself, by an exception or by a signal that can be caught. */
export function beforeExit(action: () => void): void {
  if (actions.size === 0) {
    process.on('exit', runAll);
    for (const signal of signals) process.on(signal, onSignal);
  }
  actions.add(action);
}

export function notBeforeExit(action: () => void): void {
  if (!actions.delete(action) || actions.size > 0) return;
  process.off('exit', runAll);
  for (const signal of signals) process.off(signal, onSignal);
}

function runAll(): void {
  for (const action of actions) action();
}

function onSignal(signal: NodeJS.Signals): void {
  runAll();
  process.off(signal, onSignal);
  // Who else listens ends the process in its own way, as mocha does; else the signal does what it does to everybody.
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}
