import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemRandom } from '@coracle/apimachinery/clock';
import { silentLogger } from '@coracle/apimachinery/component';
import { startControlPlane } from '@coracle/cluster/control-plane';
import {
  advertiseAddress,
  ApiCaller,
  createReferenceKeys,
  post,
  startReferenceControlPlane,
} from '../support/index.ts';

/** Two control planes with controllers and one authority, and their administrators. */
export interface ControlPlanes extends AsyncDisposable {
  readonly own: ApiCaller;
  readonly reference: ApiCaller;
}

export async function startControlPlanes(): Promise<ControlPlanes> {
  await using stack = new AsyncDisposableStack();
  const keys = await createReferenceKeys();
  stack.defer(() => rm(keys.directory, { recursive: true, force: true }));
  const path = await mkdtemp(join(tmpdir(), 'coracle-signing-'));
  stack.defer(() => rm(path, { recursive: true, force: true }));
  const reference = stack.use(await startReferenceControlPlane({ keys, controllers: true }));
  const own = await startControlPlane({
    config: { port: 0, etcdServers: [], access: {} },
    directory: { path, pkiDirectory: keys.directory },
    environment: { clock: systemClock, random: systemRandom, log: silentLogger },
    advertiseAddress,
  });
  stack.defer(() => own.stop());
  const [ours, theirs] = [own, reference].map(({ url }) => stack.use(new ApiCaller({ url, pki: keys.pki })));
  const running = stack.move();
  return {
    own: ours as ApiCaller,
    reference: theirs as ApiCaller,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** What lets those who are not administrators ask, and the approver approve, as kubeadm sets it up. */
export async function bindRequesters(admin: ApiCaller): Promise<void> {
  const role = 'system:certificates.k8s.io:certificatesigningrequests:';
  const group = 'rbac.authorization.k8s.io';
  const bindings: [role: string, group: string][] = [
    ['system:node-bootstrapper', 'system:bootstrappers'],
    ['system:node-bootstrapper', 'requesters'],
    [`${role}nodeclient`, 'system:bootstrappers'],
    [`${role}selfnodeclient`, 'system:nodes'],
  ];
  for (const [index, [name, subject]] of bindings.entries()) {
    const body = {
      metadata: { name: `signing-${index}` },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name },
      subjects: [{ apiGroup: group, kind: 'Group', name: subject }],
    };
    await post(admin, `/apis/${group}/v1/clusterrolebindings`, body);
  }
}
