import type { Environment } from '@coracle/apimachinery/component';
import { Leases } from '@coracle/apimachinery/resources';
import type { Lease } from '@coracle/apimachinery/types/coordination-v1';
import type { Readers, Writers } from '../registry/readers.ts';

const namespace = 'kube-system';
const identityLabel = 'apiserver.kubernetes.io/identity';
/** How often expired leases are looked for. */
const checkMs = 60 * 60_000;

interface LeaseCleanup {
  readonly environment: Environment;
  readonly readers: Readers;
  readonly writers: Writers;
}

/**
 * Deletes the identity leases of API servers that are gone, at once and then every hour until the signal is aborted: those
 * that kube-apiserver has left in an etcd, as this server has none (upstream pkg/controlplane/controller/apiserverleasegc).
 */
export async function cleanUpLeases(
  { environment, readers, writers }: LeaseCleanup,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log } = environment;
  while (!signal.aborted) {
    try {
      for (const lease of await readers.list<Lease>(Leases, namespace)) {
        if (!isIdentity(lease) || !hasExpired(lease, clock.now())) continue;
        const { name = '', uid = '', resourceVersion = '' } = lease.metadata ?? {};
        await writers.delete(Leases, { namespace, name }, { preconditions: { uid, resourceVersion } });
      }
    } catch (error) {
      log.warn('expired leases of API servers stay for another hour', { error });
    }
    await clock.sleep(checkMs, signal).catch(() => undefined);
  }
}

function isIdentity({ metadata }: Lease): boolean {
  return metadata?.labels?.[identityLabel] === 'kube-apiserver';
}

/** One that does not say until when it is held is held by nobody. */
function hasExpired({ spec }: Lease, nowMs: number): boolean {
  const { renewTime, leaseDurationSeconds } = spec ?? {};
  if (!renewTime || leaseDurationSeconds === undefined) return true;
  return Date.parse(renewTime) + leaseDurationSeconds * 1000 < nowMs;
}
