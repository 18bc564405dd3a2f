import * as http from 'node:http';
import * as https from 'node:https';
import type { Clock } from '@coracle/apimachinery/clock';

const answerBytesMax = 3 * 1024 * 1024;

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

export interface Limits {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Gives the request up before that. */
  readonly signal?: AbortSignal | undefined;
}

/** The answer did not come within its time; the text is Go's. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';

  constructor() {
    super('context deadline exceeded');
  }
}

/** One request and its whole answer, whatever the status. Over TLS unless the options say `http:`. Throws DeadlineExceeded. */
export function exchange(options: https.RequestOptions, body: string | undefined, limits: Limits): Promise<Answer> {
  return withDeadline(limits, (signal) => send({ ...options, signal }, body));
}

/** client-go's rest/request.go. */
const retriesMax = 10;

/** The same as client-go makes it: again, within the same time, where the answer is an error that says when to come back. */
export function exchangeWithRetries(
  options: https.RequestOptions,
  body: string | undefined,
  limits: Limits,
): Promise<Answer> {
  return withDeadline(limits, async (signal) => {
    for (let retries = 0; ; retries++) {
      const answer = await send({ ...options, signal }, body);
      const seconds = retryAfterSeconds(answer);
      const mayPass = answer.status === 429 || answer.status >= 500;
      if (!mayPass || seconds === undefined || retries === retriesMax) return answer;
      await limits.clock.sleep(seconds * 1000, signal);
    }
  });
}

/** What Go's `strconv.Atoi` makes of the header; a date is none. */
export function retryAfterSeconds({ headers }: Answer): number | undefined {
  const text = headers['retry-after'] ?? '';
  return /^[+-]?\d+$/.test(text) ? Math.max(0, Number(text)) : undefined;
}

async function withDeadline<T>(
  { clock, timeoutMs, signal }: Limits,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const timer = clock.after(timeoutMs, () => deadline.abort());
  const either = signal === undefined ? deadline.signal : AbortSignal.any([signal, deadline.signal]);
  try {
    return await work(either);
  } catch (error) {
    throw deadline.signal.aborted ? new DeadlineExceeded() : error;
  } finally {
    timer.cancel();
  }
}

function send(options: https.RequestOptions, body: string | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = (options.protocol === 'http:' ? http : https).request(options, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > answerBytesMax) request.destroy(new Error(`the answer is longer than ${answerBytesMax} bytes`));
        else chunks.push(chunk);
      });
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, text: Buffer.concat(chunks).toString() });
      });
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}
