/** So many of those who wait go on in one turn of the event loop. */
export const turnMax = 16;

const waiting: (() => void)[] = [];

/**
 * Resolves in one of the next turns of the event loop, first come first served. What one write changes is told to thousands:
 * whoever wrote has the answer before that, and requests that come meanwhile do not wait for the last of them.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (waiting.push(resolve) === 1) setImmediate(takeTurn);
  });
}

function takeTurn(): void {
  const now = waiting.splice(0, turnMax);
  if (waiting.length > 0) setImmediate(takeTurn);
  for (const goOn of now) goOn();
}
