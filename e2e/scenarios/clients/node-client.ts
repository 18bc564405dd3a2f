/**
 * @kubernetes/client-node at work, unmodified: informer, watch, patches, applying by objects, exec.
 *   node node-client.ts KUBECONFIG [IMAGE]    with an image, containers are real and a command runs in one
 * Prints one line of JSON with what it saw.
 */
import { Readable, Writable } from 'node:stream';
import {
  ApiException,
  CoreV1Api,
  Exec,
  type KubernetesObject,
  KubeConfig,
  KubernetesObjectApi,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1ConfigMap,
  type V1Status,
  VersionApi,
} from '@kubernetes/client-node';

/** A stream that keeps what is written to it. */
class Collected extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.text += String(chunk);
    callback();
  }
}

const namespace = 'node-client';
const patienceMs = 60_000;

const [kubeconfig = '', image] = process.argv.slice(2);
const config = new KubeConfig();
config.loadFromFile(kubeconfig);
const core = config.makeApiClient(CoreV1Api);

await core.createNamespace({ body: { metadata: { name: namespace } } });
const seen = {
  version: (await config.makeApiClient(VersionApi).getCode()).gitVersion,
  informer: await informer(),
  patches: await patches(),
  objects: await objects(),
  missing: await failure(() => core.readNamespacedConfigMap({ namespace, name: 'nowhere' })),
  ...(image === undefined ? {} : { exec: await commands(image) }),
};
console.log(JSON.stringify(seen));
// Connections that the library keeps are no reason to stay.
process.exit(0);

/** What an informer's handlers are told, and what it holds in the end. */
async function informer() {
  const told: string[] = [];
  const labelSelector = 'kept=yes';
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const maps = makeInformer<V1ConfigMap>(
    config,
    path,
    () => core.listNamespacedConfigMap({ namespace, labelSelector }),
    labelSelector,
  );
  for (const verb of ['add', 'update', 'delete'] as const) {
    maps.on(verb, (object) => told.push(`${verb} ${object.metadata?.name} ${object.data?.['n'] ?? ''}`));
  }
  const make = (name: string, labels: Record<string, string>) =>
    core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels }, data: { n: '1' } } });
  await make('before', { kept: 'yes' });
  await maps.start();
  await make('after', { kept: 'yes' });
  await make('other', { kept: 'no' });
  await core.replaceNamespacedConfigMap({
    namespace,
    name: 'before',
    body: { metadata: { name: 'before', labels: { kept: 'yes' } }, data: { n: '2' } },
  });
  await core.deleteNamespacedConfigMap({ namespace, name: 'after' });
  await until(() => told.some((line) => line.startsWith('delete after')));
  const held = maps.list().map((object) => `${object.metadata?.name} ${object.data?.['n']}`);
  await maps.stop();
  return { told, held };
}

/** One patch of each kind. */
async function patches() {
  const name = 'before';
  const patch = (body: unknown, strategy: PatchStrategy) =>
    core.patchNamespacedConfigMap({ namespace, name, body }, setHeaderOptions('Content-Type', strategy));
  await patch([{ op: 'add', path: '/data/json', value: '1' }], PatchStrategy.JsonPatch);
  await patch({ data: { merge: '1' } }, PatchStrategy.MergePatch);
  const { data } = await patch({ data: { strategic: '1', n: null } }, PatchStrategy.StrategicMergePatch);
  return data;
}

/** Objects of any kind by what they say they are: made, applied, read. */
async function objects() {
  const api = KubernetesObjectApi.makeApiClient(config);
  const body = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'any', namespace },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
  };
  await api.create<KubernetesObject>(body);
  const applied = { ...body, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }] };
  await api.patch<KubernetesObject>(applied, undefined, undefined, 'node-client', true, PatchStrategy.ServerSideApply);
  const read = (await api.read({ ...body, metadata: { name: 'any', namespace } })) as unknown as typeof body;
  return read.rules[0]?.verbs;
}

async function commands(runnable: string) {
  const pod = 'command';
  const container = { name: 'main', image: runnable, command: ['sleep', '3600'] };
  const spec = { containers: [container], terminationGracePeriodSeconds: 0 };
  await core.createNamespacedPod({ namespace, body: { metadata: { name: pod }, spec } });
  await until(async () => (await core.readNamespacedPod({ namespace, name: pod })).status?.phase === 'Running');
  const [stdout, stderr] = [new Collected(), new Collected()];
  const ended = Promise.withResolvers<V1Status>();
  const script = 'read line; echo out $line; echo err >&2; exit 7';
  const input = Readable.from(['from node\n']);
  const command = ['sh', '-c', script];
  await new Exec(config).exec(namespace, pod, 'main', command, stdout, stderr, input, false, ended.resolve);
  const { status, reason, details } = await ended.promise;
  return { stdout: stdout.text, stderr: stderr.text, status, reason, causes: details?.causes };
}

async function failure(call: () => Promise<unknown>) {
  try {
    await call();
  } catch (error) {
    if (error instanceof ApiException) return { code: error.code, reason: JSON.parse(error.body).reason };
    throw error;
  }
  return undefined;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${patienceMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
