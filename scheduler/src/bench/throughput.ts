/**
 * How fast pods are placed when the API costs next to nothing: `node scheduler/src/bench/throughput.ts [pods] [nodes]`.
 * Prints a line a kind of pod. The API in memory takes a good part of the time; the last column is the scheduler's own.
 */
import { systemClock, systemRandom } from '@coracle/apimachinery/clock';
import { silentLogger } from '@coracle/apimachinery/component';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { createClient } from '@coracle/client/rest';
import { createMemoryApi } from '@coracle/client/testing';
import { startScheduler } from '../scheduler.ts';
import { benchNode, benchPod, fillerPod, type Kind } from './objects.ts';

const podsTotal = Number(process.argv[2] ?? 3000);
const nodesTotal = Number(process.argv[3] ?? 1000);
const environment = { clock: systemClock, random: systemRandom, log: silentLogger };

/** `fillers` less important pods fill each node before the measurement. */
async function measure(kind: Kind, pods: number, fillers = 0): Promise<void> {
  const api = createMemoryApi();
  const client = createClient(api.transport);
  for (let index = 0; index < nodesTotal; index++) {
    api.put('nodes', benchNode(index));
    for (let filler = 0; filler < fillers; filler++) api.put('pods', fillerPod(index, filler, fillers));
  }
  const scheduler = await startScheduler({ client, environment });
  const start = performance.now();
  const cpuStart = process.cpuUsage();
  for (let index = 0; index < pods; index++) api.put('pods', benchPod(index, kind));
  const isDone = () => api.list<Pod>('pods').every((pod) => pod.spec?.nodeName);
  while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 5));
  const elapsedMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpuStart);
  const rate = Math.round((pods / elapsedMs) * 1000);
  const cpu = ((user + system) / 1000 / pods).toFixed(3);
  console.log(`${kind.padEnd(14)} ${pods} pods, ${nodesTotal} nodes: ${rate} pods/s, ${cpu} ms CPU a pod`);
  await scheduler.stop();
}

await measure('plain', podsTotal);
await measure('spread', podsTotal);
await measure('anti-affinity', Math.min(podsTotal, nodesTotal));
await measure('preemption', Math.min(podsTotal, nodesTotal), 4);
