import type { Environment, Running } from '@coracle/apimachinery/component';
import { isStatus } from '@coracle/apimachinery/errors';
import type { Client } from '../rest/client.ts';
import { type ElectionLease, type ElectionRecord, LeaseLock, microTimestamp } from './lease-lock.ts';

export interface LeaderElectionOptions {
  readonly lease: { readonly namespace: string; readonly name: string };
  /** Unique among the candidates. */
  readonly identity: string;
  /** How long the others wait after the last renewal they saw. 15 s. */
  readonly leaseDurationMs?: number;
  /** How long the leader tries to renew before it gives up. 10 s, less than the lease. */
  readonly renewDeadlineMs?: number;
  /** Between two tries. 2 s. */
  readonly retryPeriodMs?: number;
  /** Does the leader's work. Its signal is aborted when leadership is lost or the election stops. */
  readonly lead: (signal: AbortSignal) => Promise<void>;
  readonly onNewLeader?: (identity: string) => void;
}

/** Tries of those who wait are spread by this share of the period (client-go JitterFactor). */
const jitterFactor = 1.2;

/**
 * Takes part in an election over a Lease (client-go tools/leaderelection): whoever holds it works, the others wait until it
 * has not been renewed for its duration as they measured it. A leader that cannot renew stops its work and stands again;
 * `stop` ends the work first and gives the lease back after that.
 */
export async function startLeaderElection(
  dependencies: { readonly client: Client; readonly environment: Environment },
  options: LeaderElectionOptions,
): Promise<Running> {
  const stopping = new AbortController();
  const candidate = new Candidate(dependencies, options);
  const campaign = candidate.run(stopping.signal);
  return {
    async stop() {
      stopping.abort(new Error('the election is stopped'));
      await campaign;
    },
  };
}

class Candidate {
  readonly #environment: Environment;
  readonly #options: LeaderElectionOptions;
  readonly #lock: LeaseLock;
  readonly #leaseDurationMs: number;
  readonly #renewDeadlineMs: number;
  readonly #retryPeriodMs: number;
  /** The lease as last seen, and when it was first seen so on the monotonic clock: others' clocks are not trusted. */
  #observed: ElectionLease | undefined;
  #observedAt = 0;
  #reportedLeader: string | undefined;

  constructor(
    dependencies: { readonly client: Client; readonly environment: Environment },
    options: LeaderElectionOptions,
  ) {
    this.#environment = dependencies.environment;
    this.#options = options;
    this.#lock = new LeaseLock(dependencies.client, options.lease);
    this.#leaseDurationMs = options.leaseDurationMs ?? 15_000;
    this.#renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryPeriodMs = options.retryPeriodMs ?? 2_000;
    if (this.#renewDeadlineMs >= this.#leaseDurationMs) {
      throw new Error('renewDeadlineMs must be less than leaseDurationMs, or two leaders may work at once');
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    while (await this.#acquire(signal)) {
      const leading = new AbortController();
      const work = this.#options.lead(leading.signal).catch((error: unknown) => {
        if (!leading.signal.aborted) this.#environment.log.error('leader failed', { error: String(error) });
        leading.abort(error);
      });
      await this.#renewUntilLost(AbortSignal.any([signal, leading.signal]));
      leading.abort(new Error('leadership has ended'));
      await work;
      await this.#release();
    }
  }

  /** True once the lease is held, false when the signal was aborted first. */
  async #acquire(signal: AbortSignal): Promise<boolean> {
    const { clock, random } = this.#environment;
    while (!signal.aborted) {
      if (await this.#tryAcquireOrRenew(signal)) return !signal.aborted;
      const wait = this.#retryPeriodMs * (1 + random.next() * jitterFactor);
      await clock.sleep(wait, signal).catch(() => undefined);
    }
    return false;
  }

  async #renewUntilLost(signal: AbortSignal): Promise<void> {
    const { clock } = this.#environment;
    let renewedAt = clock.monotonic();
    while (!signal.aborted) {
      await clock.sleep(this.#retryPeriodMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      if (await this.#tryAcquireOrRenew(signal)) renewedAt = clock.monotonic();
      else if (clock.monotonic() - renewedAt >= this.#renewDeadlineMs) return;
    }
  }

  async #tryAcquireOrRenew(signal: AbortSignal): Promise<boolean> {
    try {
      const lease = this.#isHeldByMe() ? this.#observed : await this.#read(signal);
      if (!lease) {
        this.#observe(await this.#lock.create(this.#record(undefined), signal));
        return true;
      }
      if (lease.spec?.holderIdentity && !this.#isHeldByMe() && !this.#hasExpired()) return false;
      this.#observe(await this.#lock.update(lease, this.#record(lease.spec), signal));
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      this.#environment.log.debug('lease not written', { lease: this.#options.lease.name, error: String(error) });
      // What was known of the lease is wrong: the next try reads it anew.
      if (isStatus(error, 'Conflict') || isStatus(error, 'NotFound')) this.#observed = undefined;
      return false;
    }
  }

  async #read(signal: AbortSignal): Promise<ElectionLease | undefined> {
    try {
      const lease = await this.#lock.get(signal);
      if (lease.metadata?.resourceVersion !== this.#observed?.metadata?.resourceVersion) this.#observe(lease);
      return lease;
    } catch (error) {
      if (isStatus(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  #record(previous: ElectionRecord | undefined): ElectionRecord {
    const now = microTimestamp(this.#environment.clock.now());
    const isRenewal = previous?.holderIdentity === this.#options.identity;
    const transitions = previous?.leaseTransitions ?? 0;
    return {
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: Math.floor(this.#leaseDurationMs / 1000),
      acquireTime: isRenewal ? (previous.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: previous === undefined || isRenewal ? transitions : transitions + 1,
    };
  }

  async #release(): Promise<void> {
    const lease = this.#observed;
    if (!lease || !this.#isHeldByMe()) return;
    this.#observed = undefined;
    const spec = { ...this.#record(lease.spec), holderIdentity: '', leaseDurationSeconds: 1 };
    const givingUp = new AbortController();
    const timer = this.#environment.clock.after(this.#renewDeadlineMs, () => givingUp.abort());
    await this.#lock.update(lease, spec, givingUp.signal).catch((error: unknown) => {
      this.#environment.log.debug('lease not released', { error: String(error) });
    });
    timer.cancel();
  }

  #observe(lease: ElectionLease): void {
    this.#observed = lease;
    this.#observedAt = this.#environment.clock.monotonic();
    const leader = lease.spec?.holderIdentity;
    if (!leader || leader === this.#reportedLeader) return;
    this.#reportedLeader = leader;
    this.#options.onNewLeader?.(leader);
  }

  #isHeldByMe(): boolean {
    return this.#observed?.spec?.holderIdentity === this.#options.identity;
  }

  #hasExpired(): boolean {
    const durationMs = (this.#observed?.spec?.leaseDurationSeconds ?? 0) * 1000;
    return this.#environment.clock.monotonic() - this.#observedAt >= durationMs;
  }
}
