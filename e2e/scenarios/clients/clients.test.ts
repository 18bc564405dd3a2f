import { join } from 'node:path';
import { expect } from 'chai';
import {
  applicationImages,
  type ClientProgram,
  clientObstacle,
  clientProgram,
  containerObstacle,
  loadApplicationImages,
  mustRun,
  skipBecause,
  startedBefore,
  startTestCluster,
} from '../../support/index.ts';

/** Client libraries that are not ours, unmodified, each in one small program that says what it saw. */
describe('client libraries', () => {
  const image = containerObstacle() === undefined ? [applicationImages.tools] : [];
  const cluster = startedBefore(
    () => startTestCluster({ runtime: image.length > 0 ? 'containerd' : 'hollow' }),
    image.length > 0 ? { prepare: loadApplicationImages } : {},
  );

  const run = async (program: string, args: readonly string[]) =>
    JSON.parse(await mustRun(program, args)) as Record<string, unknown>;
  const runBuilt = (context: Mocha.Context, name: ClientProgram, args: readonly string[]) => {
    skipBecause(context, clientObstacle(name));
    return run(clientProgram(name), args);
  };

  it('client-go: informers over protobuf and watch lists survive broken connections', async function () {
    const { updated, ...seen } = await runBuilt(this, 'client-informers', ['--kubeconfig', cluster().kubeconfig]);
    // Of the 40 updates, those during a break come as one with what followed them, or not at all.
    expect(updated).to.be.within(1, 40);
    expect(seen).to.deep.equal({
      added: 101, // 60 before, 40 during, and the authority's certificate in every namespace
      deleted: 20,
      backward: 0,
      different: [],
      indexed: 40,
      metadata: 81,
      watchLists: 4, // two informers, and each begins again after its connection broke
      plainLists: [],
      resumed: 0,
      broken: 2,
      contentTypes: { 'application/vnd.kubernetes.protobuf;stream=watch': 4 },
    });
  });

  it('controller-runtime: an operator under envtest, with webhooks, finalizer and two candidates', async function () {
    const { leaders, ...seen } = await runBuilt(this, 'client-operator', ['--kubeconfig', cluster().kubeconfig]);
    expect(new Set(leaders as string[]).size, String(leaders)).to.equal(2);
    expect(seen).to.deep.equal({
      defaulted: 'hello from the webhook',
      written: 'hello from the webhook',
      repaired: true,
      rewritten: 'good day',
      refused: 'admission webhook "validate.clients.coracle.dev" denied the request: spec.text: a greeting is not rude',
      tooLong: 'Greeting.clients.coracle.dev "long" is invalid: spec.text: Too long: may not be more than 40 bytes',
      observed: true,
      event: 'wrote one',
      heldDeletion: true,
      cleaned: true,
      collected: true,
      uninstalled: true,
      staleConflict: true,
    });
  });

  it('Python: kubernetes', async function () {
    const script = join(import.meta.dirname, 'python/client.py');
    const seen = await runBuilt(this, 'python-client/bin/python', [script, cluster().kubeconfig, ...image]);
    const { manifests, exec, ...rest } = seen;
    expect(manifests).to.match(/^10\.96\./);
    const { pod, whole, ...command } = (exec ?? {}) as Record<string, unknown>;
    if (image.length > 0) {
      expect(command).to.deep.equal({ stdout: 'out from python\n', stderr: 'err\n', code: 7 });
      expect(whole).to.equal(`${String(pod)}\n`);
    }
    expect(rest).to.deep.equal({
      version: 'v1.37.2+coracle',
      nodes: 2,
      deployment: { first: 'ADDED', available: 2, scaled: 1, phases: ['Running'] },
      patches: { labels: { b: '1', c: '1' }, data: { y: '2', z: '3' }, applies: ['python'] },
      pages: {
        pages: 3,
        names: [0, 1, 2, 3, 4, 5, 6].map((number) => `page-${number}`),
        then: [['DELETED', 'page-0']],
      },
      errors: {
        missing: [404, 'NotFound'],
        invalid: [422, 'Invalid'],
        taken: [409, 'AlreadyExists'],
        conflict: [409, 'Conflict'],
      },
      dynamic: { defaulted: 2, applied: 9, listed: ['kaa'] },
      access: { allowed: true, refused: [403, 'Forbidden'] },
    });
  });

  it('Node: @kubernetes/client-node', async () => {
    const script = join(import.meta.dirname, 'node-client.ts');
    const { exec, ...rest } = await run(process.execPath, [script, cluster().kubeconfig, ...image]);
    if (image.length > 0) {
      expect(exec).to.deep.equal({
        stdout: 'out from node\n',
        stderr: 'err\n',
        status: 'Failure',
        reason: 'NonZeroExitCode',
        causes: [{ reason: 'ExitCode', message: '7' }],
      });
    }
    expect(rest).to.deep.equal({
      version: 'v1.37.2+coracle',
      informer: {
        told: ['add before 1', 'add after 1', 'update before 2', 'delete after 1'],
        held: ['before 2'],
      },
      patches: { json: '1', merge: '1', strategic: '1' },
      objects: ['get', 'list'],
      missing: { code: 404, reason: 'NotFound' },
    });
  });
});
