/**
 * Calls `work` up to `count` times in batches of 1, 2, 4, …, each batch at once, and stops after the first batch with a
 * failure: what fails for one child (quota, admission) is not tried for all.
 */
export async function slowStart(
  count: number,
  work: (index: number) => Promise<void>,
): Promise<{ readonly successes: number; readonly error?: unknown }> {
  let successes = 0;
  let next = 0;
  for (let size = Math.min(1, count); size > 0; size = Math.min(size * 2, count - next)) {
    const results = await Promise.allSettled(Array.from({ length: size }, (_, offset) => work(next + offset)));
    next += size;
    const failed = results.find((result) => result.status === 'rejected');
    successes += results.filter((result) => result.status === 'fulfilled').length;
    if (failed) return { successes, error: failed.reason };
  }
  return { successes };
}
