/**
 * Compares this scheduler's decisions with upstream's over random clusters:
 *
 *     node scheduler/src/testing/differential/compare.ts KUBECONFIG [first seed] [last seed] [volumes]
 *
 * KUBECONFIG leads, as administrator, to an empty cluster of upstream's kube-apiserver with kube-scheduler beside it and no
 * kubelets. Prints each seed that differs, exits 1 when there is one. A pod that fits must go to a node that is among the
 * best here; one that does not must be told so in the same words, but for which of equally good nodes is made free for it.
 */
import { Nodes, Pods, Services } from '@coracle/apimachinery/resources';
import { connectionOf, loadKubeconfig } from '@coracle/client/kubeconfig';
import { createClient } from '@coracle/client/rest';
import { createHttpTransport } from '@coracle/client/transport';
import { type Dice, dice } from './dice.ts';
import { type OwnVerdict, ownVerdict } from './own-verdict.ts';
import { randomNodes } from './random-nodes.ts';
import { randomPod, randomWishes } from './random-pods.ts';
import { claimVolumes, noVolumes, randomVolumes } from './random-volumes.ts';
import { pause, ReferenceCluster, type Verdict } from './reference-cluster.ts';

/** Upstream's informers need a moment to see what was made before the pod comes. */
const settleMs = 120;

async function runSeed(seed: number, withVolumes: boolean, reference: ReferenceCluster): Promise<string | undefined> {
  const the = dice(seed);
  const { chance, pick, below } = the;
  await reference.clear();
  const nodes = await reference.create(Nodes, randomNodes(the));
  const nodeNames = nodes.map(({ metadata }) => metadata?.name ?? '');
  const elsewhere = () => ({ nodeName: pick(...nodeNames), schedulerName: 'nobody' });
  const there = Array.from({ length: below(9) }, (_, index) => randomPod(`there-${index}`, elsewhere(), the));
  const selector = { app: pick('web', 'db') };
  if (chance(0.3)) {
    const spec = { selector, ports: [{ port: 80 }] };
    await reference.create(Services, [{ metadata: { name: 'service', namespace: 'default' }, spec }]);
  }
  await reference.createVolumes(withVolumes ? randomVolumes(nodeNames, the) : noVolumes);
  if (withVolumes && chance(0.4)) {
    there.push(randomPod('user', { ...elsewhere(), volumes: claimVolumes(pick('c0', 'c1', 'c2')) }, the));
  }
  await reference.create(Pods, there);
  await pause(settleMs);
  const state = await reference.state();
  const name = `wanted-${seed}`;
  const [wanted] = await reference.create(Pods, [randomPod(name, wishes(withVolumes, the), the)]);
  if (!wanted) throw new Error('the pod was not made');
  return difference(ownVerdict(state, wanted), await reference.verdict(name));
}

/** Pods with volumes are mostly plain otherwise, or few would get as far as their volumes. */
function wishes(withVolumes: boolean, the: Dice) {
  const all = { ...randomWishes(the), schedulerName: 'default-scheduler' };
  if (!withVolumes) return all;
  const { topologySpreadConstraints: _, nodeSelector: __, ...few } = all;
  const volumes = claimVolumes(...(the.chance(0.4) ? ['c0', 'c1'] : [the.pick('c0', 'c1', 'c2')]));
  return { ...few, ...(the.chance(0.8) ? { affinity: {} } : {}), volumes };
}

function difference(ours: OwnVerdict, theirs: Verdict): string | undefined {
  if ('best' in ours && 'node' in theirs) {
    return ours.best.includes(theirs.node) ? undefined : `ours: ${ours.best.join(' or ')}\ntheirs: ${theirs.node}`;
  }
  const ourMessage = 'best' in ours ? ours.best.join(' or ') : withoutNode(ours.message);
  const theirMessage = 'node' in theirs ? theirs.node : withoutNode(theirs.message);
  return ourMessage === theirMessage ? undefined : `ours: ${ourMessage}\ntheirs: ${theirMessage}`;
}

function withoutNode(message: string): string {
  return message.replace(/(placement for pod on node) \S+,/, '$1 …,');
}

const [kubeconfig = '', first = '1', last = '100', what = ''] = process.argv.slice(2);
const client = createClient(createHttpTransport(await connectionOf(await loadKubeconfig([kubeconfig]))));
const reference = new ReferenceCluster(client);
await reference.addPriorityClasses({ low: 1, mid: 100, high: 1000 });
let differences = 0;
for (let seed = Number(first); seed <= Number(last); seed++) {
  const found = await runSeed(seed, what === 'volumes', reference);
  if (found === undefined) continue;
  differences++;
  console.log(`seed ${seed}\n${found}`);
}
console.log(`${Number(last) - Number(first) + 1} clusters, ${differences} decided otherwise`);
process.exit(differences > 0 ? 1 : 0);
