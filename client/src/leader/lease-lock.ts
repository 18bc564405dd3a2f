import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { ResourceRef } from '@coracle/apimachinery/schema';
import type { Client } from '../rest/client.ts';

/** coordination.k8s.io/v1 Lease, the part that an election reads and writes. */
export interface ElectionLease extends KubernetesObject {
  spec?: ElectionRecord;
}

export interface ElectionRecord {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  /** RFC 3339 with microseconds. */
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
}

const leases: ResourceRef<ElectionLease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  resource: 'leases',
  kind: 'Lease',
  namespaced: true,
};

/** The Lease that candidates fight for. Every write names the version it saw, so that only one of two succeeds. */
export class LeaseLock {
  readonly #client: Client;
  readonly #key: { readonly namespace: string; readonly name: string };

  constructor(client: Client, key: { readonly namespace: string; readonly name: string }) {
    this.#client = client;
    this.#key = key;
  }

  get(signal: AbortSignal): Promise<ElectionLease> {
    return this.#client.get(leases, this.#key, { signal });
  }

  create(spec: ElectionRecord, signal: AbortSignal): Promise<ElectionLease> {
    return this.#client.create(leases, { metadata: { ...this.#key }, spec } as ElectionLease, { signal });
  }

  update(lease: ElectionLease, spec: ElectionRecord, signal: AbortSignal): Promise<ElectionLease> {
    return this.#client.update(leases, { ...lease, spec: { ...lease.spec, ...spec } }, { signal });
  }
}

/** RFC 3339 with microseconds, as `metav1.MicroTime` is written. */
export function microTimestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 23)}000Z`;
}
