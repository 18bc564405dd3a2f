import type { Environment } from '@coracle/apimachinery/component';
import { AnswerError } from './kubeconfig-client.ts';

/** Upstream's `DefaultAuthWebhookRetryBackoff`, for authentication and authorization. */
const attemptsMax = 5;
const firstPauseMs = 500;
const pauseFactor = 1.5;
const pauseJitter = 0.2;

/** Calls again, after a pause that grows, where the error may pass by itself. Throws the last error. */
export async function withRetries<T>(
  call: () => Promise<T>,
  { clock, random }: Pick<Environment, 'clock' | 'random'>,
  signal: AbortSignal,
): Promise<T> {
  let pauseMs = firstPauseMs;
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (attempt === attemptsMax || !mayPass(error)) throw error;
      await clock.sleep(pauseMs * (1 + random.next() * pauseJitter), signal);
      pauseMs *= pauseFactor;
    }
  }
}

const passingStatuses = new Set([429, 500, 504]);

function mayPass(error: unknown): boolean {
  if (error instanceof AnswerError) return passingStatuses.has(error.status) || (error.retryAfterSeconds ?? 0) > 0;
  const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  return cause?.code === 'ECONNRESET';
}
