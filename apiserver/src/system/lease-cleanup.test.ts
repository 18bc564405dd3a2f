import { silentLogger } from '@coracle/apimachinery/component';
import { Leases } from '@coracle/apimachinery/resources';
import type { Lease } from '@coracle/apimachinery/types/coordination-v1';
import { createSeededRandom, createVirtualClock } from '@coracle/client/testing';
import { expect } from 'chai';
import { StaticReaders } from '../auth/testing/index.ts';
import type { Writers } from '../registry/readers.ts';
import { cleanUpLeases } from './lease-cleanup.ts';

describe('leases of API servers', () => {
  const clock = createVirtualClock();
  const at = (offsetMs: number) => new Date(clock.now() + offsetMs).toISOString().replace('Z', '000Z');

  const lease = (name: string, renewTime?: string, identity = 'kube-apiserver'): Lease => ({
    metadata: { name, namespace: 'kube-system', labels: { 'apiserver.kubernetes.io/identity': identity } },
    spec: { leaseDurationSeconds: 3600, ...(renewTime && { renewTime }) },
  });

  it('go when nobody has renewed them for as long as they are held', async () => {
    const readers = new StaticReaders();
    const deleted: string[] = [];
    const writers = { delete: async (_: unknown, { name }: { name: string }) => void deleted.push(name) };
    readers.set(Leases, lease('gone', at(-3_700_000)), lease('alive', at(-60_000)), lease('never'));
    readers.set(Leases, lease('somebody-else', at(-3_700_000), 'other'));
    const stop = new AbortController();
    const environment = { clock, random: createSeededRandom(1), log: silentLogger };
    const done = cleanUpLeases({ environment, readers, writers: writers as unknown as Writers }, stop.signal);
    await clock.settle();
    expect(deleted).to.deep.equal(['gone', 'never']);
    await clock.advance(3_600_000);
    expect(deleted).to.include('alive');
    stop.abort();
    await done;
  });
});
