/**
 * Pods onto nodes through a real API server in this process, from the first create to the last binding, its events and status
 * writes included: `node scheduler/src/bench/whole.ts [pods] [nodes]`.
 */
import { systemClock, systemRandom } from '@coracle/apimachinery/clock';
import { silentLogger } from '@coracle/apimachinery/component';
import { Nodes, Pods } from '@coracle/apimachinery/resources';
import { startTestApiServer } from '@coracle/apiserver/testing';
import { startScheduler } from '../scheduler.ts';
import { benchNode, benchPod, type Kind } from './objects.ts';

const podsTotal = Number(process.argv[2] ?? 3000);
const nodesTotal = Number(process.argv[3] ?? 1000);
const creators = 32;
const environment = { clock: systemClock, random: systemRandom, log: silentLogger };

async function measure(kind: Kind, pods: number): Promise<void> {
  await using api = await startTestApiServer();
  const { client } = api;
  for (let index = 0; index < nodesTotal; index++) await client.create(Nodes, benchNode(index));
  const scheduler = await startScheduler({ client: api.clientFor({ username: 'system:kube-scheduler' }), environment });
  const stopping = new AbortController();
  const allBound = untilBound(pods, stopping);
  const cpuStart = process.cpuUsage();
  const start = performance.now();
  let next = 0;
  const create = async () => {
    while (next < pods) await client.create(Pods, benchPod(next++, kind));
  };
  await Promise.all(Array.from({ length: creators }, create));
  const createdMs = performance.now() - start;
  await allBound;
  const elapsedMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpuStart);
  const rate = Math.round((pods / elapsedMs) * 1000);
  const cpu = ((user + system) / 1000 / pods).toFixed(3);
  const created = Math.round((pods / createdMs) * 1000);
  console.log(
    `${kind.padEnd(14)} ${pods} pods, ${nodesTotal} nodes: ${rate} pods/s bound (${created}/s created), ${cpu} ms CPU a pod`,
  );
  await scheduler.stop();

  async function untilBound(count: number, ending: AbortController): Promise<void> {
    const bound = new Set<string>();
    for await (const { object } of client.watch(Pods, {}, ending.signal)) {
      const pod = object as ReturnType<typeof benchPod>;
      if (pod.spec?.nodeName) bound.add(pod.metadata?.name ?? '');
      if (bound.size === count) return;
    }
  }
}

await measure('plain', podsTotal);
await measure('spread', podsTotal);
await measure('anti-affinity', Math.min(podsTotal, nodesTotal));
