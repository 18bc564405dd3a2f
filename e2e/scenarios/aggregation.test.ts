import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@coracle/apiserver/testing';
import { adminKubeconfig } from '@coracle/cluster/kubeconfig';
import { expect } from 'chai';
import {
  ApiCaller,
  ChildPrograms,
  eventually,
  mustRun,
  type OwnApiServer,
  runProgram,
  type RunOptions,
  type RunningEtcd,
  skipBecause,
  startEtcd,
  startOwnApiServer,
  upstreamObstacle,
  upstreamProgram,
} from '../support/index.ts';

const group = 'wardle.example.com';
const apiService = `v1alpha1.${group}`;
const namespace = 'wardle';
const flunders = `/apis/${group}/v1alpha1/namespaces/default/flunders`;

/** Endpoints may not be on loopback; the server listens on every address. */
const address = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.family === 'IPv4' && !each.internal)?.address;

/** Upstream's sample-apiserver as a process behind an APIService. */
describe('an aggregated API server', function () {
  let server: OwnApiServer;
  let etcd: RunningEtcd;
  let caller: ApiCaller;
  let scratch: string;
  let programs: ChildPrograms;
  let port: number;

  before(async function () {
    skipBecause(this, upstreamObstacle('sample-apiserver', 'etcd', 'kubectl'));
    skipBecause(this, address === undefined ? 'no address but loopback, where endpoints may not be' : undefined);
    scratch = await mkdtemp(join(tmpdir(), 'coracle-aggregation-'));
    programs = new ChildPrograms(join(scratch, 'sample-apiserver.log'));
    [server, etcd, port] = await Promise.all([startOwnApiServer(), startEtcd(), freePort()]);
    caller = new ApiCaller(server);
    await prepareIdentity();
  });
  after(async () => {
    await programs?.stop();
    caller?.[Symbol.dispose]();
    await server?.stop();
    await etcd?.stop();
    if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
  });

  const kubectl = (args: string, options: RunOptions = {}) =>
    mustRun(upstreamProgram('kubectl'), args.split(' '), {
      ...options,
      env: { KUBECONFIG: server.kubeconfig, HOME: scratch },
    });
  const tryKubectl = (args: string, options: RunOptions = {}) =>
    runProgram(upstreamProgram('kubectl'), args.split(' '), {
      ...options,
      env: { KUBECONFIG: server.kubeconfig, HOME: scratch },
    });
  /** A list makes kubectl read the whole swagger document, the other server's part included. */
  const apply = (...items: readonly object[]) =>
    kubectl('apply -f -', { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
  const get = async (path: string, accept = 'application/json') => {
    const answer = await caller.call(path, { headers: { accept } });
    expect(answer.status, `${path}: ${answer.body.toString()}`).to.equal(200);
    return answer.json();
  };

  /** Its keys, and its account, which may ask who somebody is and what they may do. */
  async function prepareIdentity() {
    const names = [`api.${namespace}.svc`];
    const pair = await server.pki.issue({ commonName: names[0] ?? '', names, usages: ['server'], days: 1 });
    await writeFile(join(scratch, 'tls.crt'), pair.certificate);
    await writeFile(join(scratch, 'tls.key'), pair.key);
    const subjects = [{ kind: 'ServiceAccount', name: 'api', namespace }];
    const binding = (name: string, role: string) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects,
    });
    await apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'api', namespace } },
      binding('wardle:auth-delegator', 'system:auth-delegator'),
      {
        ...binding('wardle-auth-reader', 'extension-apiserver-authentication-reader'),
        kind: 'RoleBinding',
        metadata: { name: 'wardle-auth-reader', namespace: 'kube-system' },
        roleRef: {
          apiGroup: 'rbac.authorization.k8s.io',
          kind: 'Role',
          name: 'extension-apiserver-authentication-reader',
        },
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name: 'wardle-reader' },
        rules: [
          { apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'watch', 'list'] },
          { apiGroups: ['admissionregistration.k8s.io'], resources: ['*'], verbs: ['get', 'watch', 'list'] },
          { apiGroups: ['flowcontrol.apiserver.k8s.io'], resources: ['*'], verbs: ['get', 'watch', 'list'] },
        ],
      },
      binding('wardle-reader', 'wardle-reader'),
    );
    const token = (await kubectl(`create token api -n ${namespace}`)).trim();
    const admin = adminKubeconfig({ name: 'own', url: server.url, pki: server.pki });
    const users = [{ name: admin.users?.[0]?.name, user: { token } }];
    await writeFile(join(scratch, 'kubeconfig'), JSON.stringify({ ...admin, users }));
  }

  const startServer = async () => {
    const kubeconfig = join(scratch, 'kubeconfig');
    const flags = {
      'etcd-servers': etcd.url,
      'secure-port': port,
      'tls-cert-file': join(scratch, 'tls.crt'),
      'tls-private-key-file': join(scratch, 'tls.key'),
      kubeconfig,
      'authentication-kubeconfig': kubeconfig,
      'authorization-kubeconfig': kubeconfig,
    };
    const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
    programs.start(upstreamProgram('sample-apiserver'), args, scratch);
    await programs.untilReady(`https://127.0.0.1:${port}/readyz`);
  };

  const condition = async (reason: string, timeoutMs?: number) =>
    eventually(async () => {
      const answer = await get(`/apis/apiregistration.k8s.io/v1/apiservices/${apiService}`);
      const { conditions = [] } = answer['status'] as {
        conditions?: { reason: string; status: string; message: string }[];
      };
      expect(conditions.map((each) => each.reason)).to.deep.equal([reason]);
      return `${conditions[0]?.status} ${conditions[0]?.message}`;
    }, timeoutMs);

  it('is unavailable for upstream’s reasons until it answers', async () => {
    await apply({
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: apiService },
      spec: {
        group,
        version: 'v1alpha1',
        groupPriorityMinimum: 2000,
        versionPriority: 200,
        service: { namespace, name: 'api', port: 443 },
        caBundle: Buffer.from(server.pki.authority.certificate).toString('base64'),
      },
    });
    expect(await condition('ServiceNotFound')).to.equal('False service/api in "wardle" is not present');
    await apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'api', namespace },
      spec: { ports: [{ port: 443, targetPort: port }] },
    });
    expect(await condition('EndpointsNotFound')).to.equal(
      'False cannot find endpointslices for service/api in "wardle"',
    );
    await apply({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'api', namespace, labels: { 'kubernetes.io/service-name': 'api' } },
      addressType: 'IPv4',
      ports: [{ name: '', port }],
      endpoints: [{ addresses: [address] }],
    });
    expect(await condition('FailedDiscoveryCheck')).to.match(/^False failing or missing response from https:/);
    const refused = await caller.call(flunders);
    expect([refused.status, refused.headers['content-type'], refused.body.toString()]).to.deep.equal([
      503,
      'text/plain; charset=utf-8',
      'service unavailable\n',
    ]);
    await startServer();
    expect(await condition('Passed')).to.equal('True all checks passed');
  });

  it('is in discovery, old and aggregated, and in both OpenAPI documents', async () => {
    const groups = (await get('/apis'))['groups'] as { name: string; versions: { version: string }[] }[];
    expect(groups.find(({ name }) => name === group)?.versions.map(({ version }) => version)).to.deep.equal([
      'v1alpha1',
    ]);
    const aggregated = await get('/apis', 'application/json;v=v2;g=apidiscovery.k8s.io;as=APIGroupDiscoveryList');
    const found = (aggregated['items'] as { metadata: { name: string }; versions: Record<string, unknown>[] }[]).find(
      ({ metadata }) => metadata.name === group,
    );
    const resources = found?.versions[0]?.['resources'] as { resource: string; scope: string }[];
    expect(found?.versions[0]?.['freshness']).to.equal('Current');
    expect(resources.map(({ resource, scope }) => `${resource} ${scope}`)).to.deep.equal([
      'fischers Cluster',
      'flunders Namespaced',
    ]);
    expect(await kubectl(`api-resources --api-group=${group} -o name`)).to.equal(
      `fischers.${group}\nflunders.${group}\n`,
    );
    const v2 = await get('/openapi/v2');
    expect(Object.keys(v2['paths'] as object)).to.include(flunders.replace('default', '{namespace}'));
    expect(Object.keys(v2['paths'] as object)).to.include('/apis/apps/v1/deployments');
    const index = (await get('/openapi/v3'))['paths'] as Record<string, { serverRelativeURL: string }>;
    const v3 = await get(index[`apis/${group}/v1alpha1`]?.serverRelativeURL ?? '');
    expect(Object.keys(v3['paths'] as object)).to.include(flunders.replace('default', '{namespace}'));
    expect(await kubectl('explain flunders.spec.referenceType')).to.match(/FIELD: referenceType <string>/);
  });

  const flunder = (name: string) => ({
    apiVersion: `${group}/v1alpha1`,
    kind: 'Flunder',
    metadata: { name, namespace: 'default' },
    spec: { reference: 'somewhere' },
  });

  it('takes writes, patches and watches of kubectl', async () => {
    await apply(flunder('one'));
    const waiting = kubectl('wait flunder/one --for=jsonpath={.metadata.labels.seen}=yes --timeout=30s');
    await kubectl('label flunder one seen=yes');
    expect(await waiting).to.equal(`flunder.${group}/one condition met\n`);
    await kubectl(`apply --server-side --field-manager=other -f -`, {
      input: JSON.stringify({
        ...flunder('one'),
        metadata: { name: 'one', namespace: 'default', annotations: { by: 'other' } },
      }),
    });
    expect(await kubectl('get flunder one -o jsonpath={.metadata.annotations.by}-{.spec.reference}')).to.equal(
      'other-somewhere',
    );
    expect(await kubectl('get flunders')).to.match(/^NAME\s+CREATED AT\none\s+\S+\n$/);
    // Its own admission plug-in refuses, and its words come through.
    const ban = {
      apiVersion: `${group}/v1alpha1`,
      kind: 'Fischer',
      metadata: { name: 'ban' },
      disallowedFlunders: ['two'],
    };
    await apply(ban);
    const refused = await eventually(async () => {
      const outcome = await tryKubectl('create --dry-run=server -f -', { input: JSON.stringify(flunder('two')) });
      expect(outcome.code).to.equal(1);
      return outcome.stderr;
    });
    expect(refused).to.match(/flunders.wardle.example.com "two" is forbidden: this name may not be used/);
  });

  it('learns who asks from headers, and asks back what they may do', async () => {
    const who = ['--as=alice', '--as-group=readers', '--as-group=system:authenticated'].join(' ');
    const refused = await tryKubectl(`get flunders ${who}`);
    expect(refused.stderr).to.equal(
      `Error from server (Forbidden): flunders.${group} is forbidden: User "alice" cannot list resource "flunders" in API group "${group}" in the namespace "default"\n`,
    );
    await kubectl(`create role flunders --verb=list --resource=flunders.${group}`);
    await kubectl('create rolebinding flunders --role=flunders --group=readers');
    // What was refused is remembered there for ten seconds.
    await eventually(async () =>
      expect(await kubectl(`get flunders -o name ${who}`)).to.equal(`flunder.${group}/one\n`),
    );
  });

  it('is seen to be gone, and to be back', async () => {
    await programs.stop();
    const refused = await caller.call(flunders);
    expect(refused.status).to.equal(503);
    expect(await condition('FailedDiscoveryCheck')).to.match(/^False failing or missing response/);
    const aggregated = await get('/apis', 'application/json;v=v2;g=apidiscovery.k8s.io;as=APIGroupDiscoveryList');
    const items = aggregated['items'] as { metadata: { name: string }; versions: { freshness: string }[] }[];
    expect(items.find(({ metadata }) => metadata.name === group)?.versions[0]?.freshness).to.equal('Stale');
    expect(await kubectl('get apiservices')).to.match(
      /v1alpha1.wardle.example.com\s+wardle\/api\s+False \(FailedDiscoveryCheck\)/,
    );
    expect((await tryKubectl('get flunders')).stderr).to.match(/the server is currently unable to handle the request/);
    await startServer();
    await condition('Passed', 60_000);
    expect(await kubectl('get flunders -o name')).to.equal(`flunder.${group}/one\n`);
  });

  it('takes its group along when its APIService goes', async () => {
    await kubectl(`delete apiservice ${apiService}`);
    await eventually(async () => {
      const groups = (await get('/apis'))['groups'] as { name: string }[];
      expect(groups.map(({ name }) => name)).not.to.include(group);
    });
    expect((await caller.call(flunders)).status).to.equal(404);
  });
});
