import type { Environment } from '@coracle/apimachinery/component';
import type { Etcd3 } from 'etcd3';
import { UnavailableError } from '../storage.ts';

/** As upstream's lease manager: so many keys share a lease, made within so much time of each other. */
const keysPerLeaseMax = 1000;
const reuseSecondsMax = 60;
const reuseFraction = 0.05;

interface SharedLease {
  readonly id: number;
  readonly reusableUntilMs: number;
  keys: number;
}

/** Leases for keys with a time to live. Never renewed; keys of about the same age share one. */
export class Leases {
  readonly #etcd: Etcd3;
  readonly #environment: Environment;
  readonly #shared = new Map<number, Promise<SharedLease>>();

  constructor(etcd: Etcd3, environment: Environment) {
    this.#etcd = etcd;
    this.#environment = environment;
  }

  async leaseFor(ttlSeconds: number): Promise<number> {
    const shared = await this.#shared.get(ttlSeconds)?.catch(() => undefined);
    if (shared && shared.keys < keysPerLeaseMax && this.#environment.clock.now() < shared.reusableUntilMs) {
      shared.keys++;
      return shared.id;
    }
    const granted = this.#grant(ttlSeconds);
    this.#shared.set(ttlSeconds, granted);
    return (await granted).id;
  }

  async #grant(ttlSeconds: number): Promise<SharedLease> {
    const { clock, random } = this.#environment;
    const reuseSeconds = Math.min(reuseSecondsMax, Math.floor(ttlSeconds * reuseFraction));
    // An id of ours fits a JavaScript number; etcd's own need not.
    const id = Number.parseInt(Buffer.from(random.bytes(6)).toString('hex'), 16) + 1;
    try {
      await this.#etcd.leaseClient.leaseGrant({ TTL: ttlSeconds + reuseSeconds, ID: id });
    } catch (error) {
      throw new UnavailableError(`etcd does not grant a lease: ${(error as Error).message}`);
    }
    return { id, reusableUntilMs: clock.now() + reuseSeconds * 1000, keys: 1 };
  }
}
