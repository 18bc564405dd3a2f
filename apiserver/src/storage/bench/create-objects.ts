/**
 * What a create costs in the storage layer: `node apiserver/src/storage/bench/create-objects.ts [writers] [objects]`.
 * Prints objects a second, CPU of the main thread and of the whole process for one create.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemRandom } from '@coracle/apimachinery/clock';
import { silentLogger } from '@coracle/apimachinery/component';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { createMemoryStorage, createObjectStores, openEmbeddedStorage, type Storage } from '../index.ts';

const writers = Number(process.argv[2] ?? 32);
const objects = Number(process.argv[3] ?? 6000);
const environment = { clock: systemClock, random: systemRandom, log: silentLogger };

function pod(name: string): KubernetesObject {
  const env = Array.from({ length: 20 }, (_, index) => ({ name: `VARIABLE_${index}`, value: 'x'.repeat(60) }));
  const metadata = {
    name,
    namespace: 'default',
    uid: '00000000-0000-4000-8000-000000000000',
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: { app: 'bench', shard: String(name.length) },
    annotations: { note: 'y'.repeat(400) },
    managedFields: [
      {
        manager: 'bench',
        operation: 'Update' as const,
        apiVersion: 'v1',
        fieldsV1: { 'f:spec': { 'f:containers': {} } },
      },
    ],
  };
  const containers = [
    { name: 'main', image: 'registry.example/image:1', env, resources: { requests: { cpu: '100m' } } },
  ];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { containers },
    status: { phase: 'Pending' },
  } as KubernetesObject;
}

async function measure(name: string, storage: Storage): Promise<void> {
  const stores = createObjectStores({ storage, environment });
  const pods = stores.resource({
    prefix: 'pods',
    namespaced: true,
    decode: (stored) =>
      JSON.parse(Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength).toString()) as KubernetesObject,
  });
  await stores.ready();
  const run = async (prefix: string, count: number): Promise<void> => {
    let next = 0;
    const writer = async () => {
      while (next < count) await pods.create(pod(`${prefix}-${next++}`));
    };
    await Promise.all(Array.from({ length: writers }, writer));
  };
  await run('warm', 2000);
  const thread = process.threadCpuUsage();
  const whole = process.cpuUsage();
  const start = performance.now();
  await run('pod', objects);
  const seconds = (performance.now() - start) / 1000;
  const threadUs = process.threadCpuUsage(thread);
  const wholeUs = process.cpuUsage(whole);
  const perObject = (usage: { user: number; system: number }) => ((usage.user + usage.system) / objects).toFixed(0);
  console.log(
    `${name}: ${(objects / seconds).toFixed(0)} creates/s, main thread ${perObject(threadUs)} µs, process ${perObject(wholeUs)} µs a create, ` +
      `${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB`,
  );
  await stores.close();
  await storage.close();
}

await measure('memory', createMemoryStorage({ clock: systemClock }));
const directory = await mkdtemp(join(tmpdir(), 'coracle-bench-'));
await measure('embedded', await openEmbeddedStorage({ directory, environment }));
await rm(directory, { recursive: true });
