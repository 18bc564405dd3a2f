import type { Timer } from '@coracle/apimachinery/clock';
import type { Environment } from '@coracle/apimachinery/component';
import type { Revision } from '../storage.ts';
import type { Connection } from './connection.ts';

/** As upstream's `--etcd-compaction-interval`. */
const intervalMs = 5 * 60_000;
/** Upstream's own key: API servers of both kinds on one etcd take turns. */
const turnKey = Buffer.from('compact_rev_key');

/**
 * Forgets what was current an interval ago. Of several API servers the one whose turn it is does it; the others learn from
 * the shared key what is gone (k8s.io/apiserver pkg/storage/etcd3/compact.go).
 */
export class EtcdCompactor {
  readonly #connection: Connection;
  readonly #environment: Environment;
  #timer: Timer | undefined;
  #stopped = false;
  /** Version of the shared key when we last saw it. */
  #turn = 0;
  /** The store's revision at the last round. */
  #marked: Revision = 0;
  #compacted: Revision = 0;

  constructor(connection: Connection, environment: Environment) {
    this.#connection = connection;
    this.#environment = environment;
    this.#arm();
  }

  get compactedRevision(): Revision {
    return this.#compacted;
  }

  async compact(revision: Revision): Promise<void> {
    await this.#connection.compact(revision);
    this.#compacted = Math.max(this.#compacted, revision);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #arm(): void {
    this.#timer = this.#environment.clock.after(intervalMs, async () => {
      try {
        await this.#round();
      } catch (error) {
        if (!this.#stopped) this.#environment.log.warn('compaction failed', { error: (error as Error).message });
      }
      if (!this.#stopped) this.#arm();
    });
  }

  async #round(): Promise<void> {
    const revision = this.#marked;
    const { succeeded, header, responses } = await this.#connection.txn({
      compare: [{ result: 'Equal', target: 'Version', key: turnKey, version: this.#turn }],
      success: [{ request_put: { key: turnKey, value: Buffer.from(String(revision)) } }],
      failure: [{ request_range: { key: turnKey } }],
    });
    this.#marked = header.revision;
    if (succeeded) {
      this.#turn++;
      if (revision > 0) await this.compact(revision);
      return;
    }
    const shared = responses[0]?.response_range?.kvs[0];
    this.#turn = shared?.version ?? 0;
    this.#compacted = Math.max(this.#compacted, Number(shared?.value.toString() ?? 0));
  }
}
