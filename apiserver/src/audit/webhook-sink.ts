import type { Environment } from '@coracle/apimachinery/component';
import { textOfError } from '@coracle/apimachinery/errors';
import type { KubeconfigClient } from '../webhooks/index.ts';
import type { AuditEvent } from './record.ts';
import type { AuditSink } from './sink.ts';

export interface AuditWebhookOptions {
  /** A kubeconfig that names the receiver, `--audit-webhook-config-file`. */
  readonly configFile: string;
  /** Events that wait at most, `--audit-webhook-batch-buffer-size`; more are dropped and counted. */
  readonly bufferSize: number;
  /** Events sent at once, `--audit-webhook-batch-max-size`. */
  readonly batchMax: number;
  /** Milliseconds until a smaller batch is sent, `--audit-webhook-batch-max-wait`. */
  readonly batchWaitMs: number;
  /** Milliseconds before the first retry, `--audit-webhook-initial-backoff`. */
  readonly initialBackoffMs: number;
}

/** Attempts for one batch, upstream's `DefaultRetryBackoffWithInitialDelay`. */
const attemptsMax = 5;
const backoffFactor = 1.5;
const sendTimeoutMs = 30_000;

/** Sends events in batches, one after the other, as `EventList` (plugin/pkg/audit/{buffered,webhook}). */
export class AuditWebhook implements AuditSink {
  readonly name = 'webhook';
  readonly #options: AuditWebhookOptions;
  readonly #client: KubeconfigClient;
  readonly #environment: Pick<Environment, 'clock' | 'log'>;
  readonly #onLost: (events: number) => void;
  readonly #stopping = new AbortController();
  readonly #waiting: AuditEvent[] = [];
  #sending: Promise<void> | undefined;
  #timer: { cancel(): void } | undefined;

  /** `onLost` is told how many events were given up after all attempts. */
  constructor(
    options: AuditWebhookOptions,
    client: KubeconfigClient,
    environment: Pick<Environment, 'clock' | 'log'>,
    onLost: (events: number) => void,
  ) {
    this.#options = options;
    this.#client = client;
    this.#environment = environment;
    this.#onLost = onLost;
  }

  record(event: AuditEvent): void {
    if (this.#waiting.length >= this.#options.bufferSize) throw new Error('audit buffer queue blocked');
    this.#waiting.push(event);
    if (this.#waiting.length >= this.#options.batchMax) this.#send();
    else this.#timer ??= this.#environment.clock.after(this.#options.batchWaitMs, () => this.#send());
  }

  /** What still waits is tried once more, without further attempts. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#send();
    await this.#sending;
    this.#client.close();
  }

  #send(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#sending ??= this.#drain().finally(() => {
      this.#sending = undefined;
      if (this.#waiting.length > 0 && !this.#stopping.signal.aborted) {
        this.#timer ??= this.#environment.clock.after(this.#options.batchWaitMs, () => this.#send());
      }
    });
  }

  async #drain(): Promise<void> {
    do {
      const batch = this.#waiting.splice(0, this.#options.batchMax);
      if (batch.length > 0) await this.#deliver(batch);
    } while (
      this.#waiting.length >= this.#options.batchMax ||
      (this.#stopping.signal.aborted && this.#waiting.length > 0)
    );
  }

  async #deliver(items: readonly AuditEvent[]): Promise<void> {
    const body = JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items });
    const { clock, log } = this.#environment;
    let delayMs = this.#options.initialBackoffMs;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#client.post(body, { timeoutMs: sendTimeoutMs });
        return;
      } catch (error) {
        if (attempt < attemptsMax && (await this.#pause(clock, delayMs))) {
          delayMs *= backoffFactor;
          continue;
        }
        log.error('audit events could not be delivered and are lost', {
          events: items.length,
          error: textOfError(error),
        });
        this.#onLost(items.length);
        return;
      }
    }
  }

  /** False where the server stops meanwhile. */
  #pause(clock: Environment['clock'], delayMs: number): Promise<boolean> {
    return clock.sleep(delayMs, this.#stopping.signal).then(
      () => true,
      () => false,
    );
  }
}
