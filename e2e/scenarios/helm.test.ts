import { expect } from 'chai';
import { join } from 'node:path';
import {
  applicationImages,
  containerObstacle,
  eventually,
  httpGet,
  loadApplicationImages,
  mustRun,
  runProgram,
  startLoad,
  startedBefore,
  startTestCluster,
  upstreamObstacle,
  upstreamProgram,
} from '../support/index.ts';

const chart = join(import.meta.dirname, 'chart/shop');
const release = 'shop';

/** Where the chart goes, and what that place does not offer. */
const places = [
  { title: 'EC2-like nodes', namespace: 'default', values: [] },
  // Fargate has no dynamically provisioned volumes, there as here.
  { title: 'the Fargate-like pool', namespace: 'serverless', values: ['--set', 'store.enabled=false'] },
] as const;

const helms = [
  { title: 'Helm 3', program: 'helm', rollbackFlag: '--atomic' },
  { title: 'Helm 4', program: 'helm4', rollbackFlag: '--rollback-on-failure' },
] as const;

describe('a Helm chart of the kind people deploy', function () {
  const cluster = startedBefore(() => startTestCluster({ runtime: 'containerd' }), {
    obstacle: () => containerObstacle() ?? upstreamObstacle('kubectl', 'helm', 'helm4'),
    prepare: loadApplicationImages,
  });

  for (const { title: helmTitle, program, rollbackFlag } of helms) {
    for (const { title: placeTitle, namespace, values } of places) {
      describe(`${helmTitle} on ${placeTitle}`, () => {
        const helm = (...args: readonly string[]) =>
          mustRun(upstreamProgram(program), [...args, '--namespace', namespace], {
            env: cluster().env,
            timeoutMs: 300_000,
          });
        const kubectl = (...args: readonly string[]) => cluster().kubectl('--namespace', namespace, ...args);
        const serviceField = (name: string, path: string) =>
          kubectl('get', 'service', name, '-o', `jsonpath={${path}}`);

        it('installs, and waits until everything is ready', async () => {
          await helm('install', release, chart, '--wait', '--timeout', '4m', ...values);
          const pods = JSON.parse(await kubectl('get', 'pods', '-l', `app=${release}-web`, '-o', 'json')) as {
            items: { spec: { nodeName: string }; status: { phase: string } }[];
          };
          expect(pods.items.map((pod) => pod.status.phase)).to.deep.equal(['Running', 'Running']);
          for (const pod of pods.items) {
            expect(pod.spec.nodeName).to.match(namespace === 'serverless' ? /^fargate-ip-/ : /^ip-/);
          }
          // The chart's CronJob makes one at every full minute.
          const jobs = (await kubectl('get', 'job', '-o', 'name')).split('\n').filter(Boolean);
          expect(
            jobs.filter((job) => !/-report-\d+$/.test(job)),
            'the hook job is gone',
          ).to.deep.equal([]);
        });

        it('answers through ClusterIP, NodePort and LoadBalancer', async () => {
          const clusterIp = await serviceField(`${release}-web`, '.spec.clusterIP');
          await kubectl('run', 'client', `--image=${applicationImages.tools}`, '--', 'sleep', '600');
          await kubectl('wait', 'pod/client', '--for=condition=Ready', '--timeout=60s');
          const fetch = (host: string) => kubectl('exec', 'client', '--', 'wget', '-qO-', `http://${host}`);
          expect((await fetch(`${release}-web`)).trim()).to.equal('v1');
          expect((await fetch(clusterIp)).trim()).to.equal('v1');
          await kubectl('delete', 'pod', 'client', '--grace-period=1');

          const nodePort = await serviceField(`${release}-web`, '.spec.ports[0].nodePort');
          const nodeAddress = await cluster().kubectl(
            'get',
            'nodes',
            '-l',
            'eks.amazonaws.com/nodegroup',
            '-o',
            'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}',
          );
          expect((await httpGet(`http://${nodeAddress}:${nodePort}/`)).body.trim()).to.equal('v1');

          const balancer = await serviceField(`${release}-public`, '.status.loadBalancer.ingress[0].ip');
          expect((await httpGet(`http://${balancer}/`)).body.trim()).to.equal('v1');
        });

        it('upgrades under load without one failed request', async () => {
          const balancer = await serviceField(`${release}-public`, '.status.loadBalancer.ingress[0].ip');
          const load = startLoad(`http://${balancer}/`, 4);
          await helm('upgrade', release, chart, '--wait', '--timeout', '4m', '--set', 'version=v2', ...values);
          const result = await load.stop();
          expect(result.failures, `${result.requests} requests`).to.deep.equal([]);
          expect(result.bodies).to.deep.equal(['v1', 'v2']);
        });

        it('rolls a broken upgrade back', async () => {
          const broken = await runProgram(
            upstreamProgram(program),
            [
              'upgrade',
              release,
              chart,
              rollbackFlag,
              '--timeout',
              '20s',
              '--set',
              'images.web=coracle.test/absent:1',
              ...values,
              '--namespace',
              namespace,
            ],
            { env: cluster().env, timeoutMs: 300_000 },
          );
          expect(broken.code, 'the upgrade fails').to.not.equal(0);
          const balancer = await serviceField(`${release}-public`, '.status.loadBalancer.ingress[0].ip');
          await eventually(async () => expect((await httpGet(`http://${balancer}/`)).body.trim()).to.equal('v2'));
          expect(await helm('status', release)).to.match(/STATUS: deployed/);
        });

        it('uninstalls and leaves nothing', async () => {
          await helm('uninstall', release, '--wait', '--timeout', '2m');
          await eventually(async () => {
            const kinds =
              'deployments,replicasets,statefulsets,pods,jobs,cronjobs,services,configmaps,secrets,pvc,pdb,roles,rolebindings,serviceaccounts,endpointslices';
            const left = (await kubectl('get', kinds, '-o', 'name'))
              .split('\n')
              .filter((name) => name.includes(release));
            expect(left).to.deep.equal([]);
          }, 60_000);
          const volumes = await cluster().kubectl('get', 'pv', '-o', 'name');
          expect(volumes.trim()).to.equal('');
          if (namespace === 'serverless') {
            await eventually(async () =>
              expect(
                await cluster().kubectl('get', 'nodes', '-l', 'eks.amazonaws.com/compute-type=fargate', '-o', 'name'),
              ).to.equal(''),
            );
          }
        });
      });
    }
  }
});
