import { badRequest, serviceUnavailable } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { ResourceRef } from '@coracle/apimachinery/schema';
import { expect } from 'chai';
import { createClient } from '../rest/create-client.ts';
import { createMemoryApi, type SeenRequest } from '../testing/memory-api.ts';
import { testEnvironment } from '../testing/test-environment.ts';
import { createInformers, type InformersOptions } from './create-informers.ts';
import type { Informer } from './informer.ts';

const pods: ResourceRef = { group: '', version: 'v1', resource: 'pods', kind: 'Pod', namespaced: true };

const pod = (name: string, labels: Record<string, string> = {}, namespace = 'default'): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels },
});

function setUp(options: InformersOptions = {}) {
  const api = createMemoryApi();
  const environment = testEnvironment();
  const client = createClient(api.transport, { clock: environment.clock });
  const informers = createInformers({ client, environment }, options);
  return { api, environment, informers };
}

function record(informer: Informer<KubernetesObject>): string[] {
  const story: string[] = [];
  informer.addHandler({
    added: (object) => story.push(`+${object.metadata?.name}`),
    updated: (object) => story.push(`~${object.metadata?.name}`),
    deleted: (object) => story.push(`-${object.metadata?.name}`),
  });
  return story;
}

const watches = (requests: readonly SeenRequest[]) => requests.filter(({ method }) => method === 'WATCH');
const lists = (requests: readonly SeenRequest[]) => requests.filter(({ method }) => method === 'GET');

for (const watchList of [false, true]) {
  describe(`informer that asks for the present state as a ${watchList ? 'stream' : 'list'}`, () => {
    it('delivers the present state, then what happens', async () => {
      const { api, environment, informers } = setUp({ watchList });
      api.put('pods', pod('a'));
      const informer = informers.for(pods);
      const story = record(informer);
      await informers.start();
      expect(story).to.deep.equal(['+a']);
      api.put('pods', pod('b'));
      api.put('pods', pod('a', { changed: 'yes' }));
      api.remove('pods', 'b', 'default');
      await environment.clock.settle();
      expect(story).to.deep.equal(['+a', '+b', '~a', '-b']);
      expect(informer.lister.list()).to.deep.equal([api.get('pods', 'a', 'default')]);
      await informers.stop();
    });

    it('starts over when its position is gone, and tells what it missed', async () => {
      const { api, environment, informers } = setUp({ watchList });
      api.put('pods', pod('kept'));
      api.put('pods', pod('lost'));
      const story = record(informers.for(pods));
      await informers.start();
      api.intercept = ({ path }) => {
        if (path.includes('watch') && !path.includes('sendInitial')) throw serviceUnavailable('down');
      };
      api.endWatches();
      await environment.clock.settle();
      api.remove('pods', 'lost', 'default');
      api.put('pods', pod('new'));
      api.compact();
      api.intercept = undefined;
      await environment.clock.advance(10_000);
      expect(story).to.deep.equal(['+kept', '+lost', '-lost', '+new']);
      await informers.stop();
    });
  });
}

describe('informer', () => {
  it('resumes an ended watch where it was, without a list', async () => {
    const { api, environment, informers } = setUp();
    const story = record(informers.for(pods));
    await informers.start();
    await environment.clock.advance(400_000);
    api.endWatches();
    api.put('pods', pod('a'));
    await environment.clock.settle();
    expect(story).to.deep.equal(['+a']);
    expect(lists(api.requests)).to.have.length(1);
    expect(watches(api.requests)).to.have.length(2);
    await informers.stop();
  });

  it('waits longer and longer for a server that does not answer', async () => {
    const { api, environment, informers } = setUp();
    const times: number[] = [];
    api.intercept = () => {
      times.push(environment.clock.monotonic());
      throw serviceUnavailable('down');
    };
    informers.for(pods);
    const started = informers.start().catch(() => 'stopped');
    await environment.clock.advance(200_000);
    const waits = times.slice(1).map((time, at) => time - (times[at] ?? 0));
    for (const [at, wait] of waits.entries()) {
      const least = Math.min(800 * 2 ** at, 30_000);
      expect(wait).to.be.within(least, 2 * least);
    }
    await informers.stop();
    expect(await started).to.equal('stopped');
  });

  it('falls back to a list where streams are refused', async () => {
    const { api, informers } = setUp({ watchList: true });
    api.put('pods', pod('a'));
    api.intercept = ({ path }) => {
      if (path.includes('sendInitialEvents')) throw badRequest('sendInitialEvents is forbidden');
    };
    const story = record(informers.for(pods));
    await informers.start();
    expect(story).to.deep.equal(['+a']);
    await informers.stop();
  });

  it('tells an object deleted and made anew apart from a changed one', async () => {
    const { api, environment, informers } = setUp();
    api.put('pods', pod('a'));
    const story = record(informers.for(pods));
    await informers.start();
    api.intercept = ({ method }) => {
      if (method === 'WATCH') throw serviceUnavailable('down');
    };
    api.endWatches();
    await environment.clock.settle();
    api.remove('pods', 'a', 'default');
    api.put('pods', pod('a'));
    api.compact();
    api.intercept = undefined;
    await environment.clock.advance(10_000);
    expect(story).to.deep.equal(['+a', '-a', '+a']);
    await informers.stop();
  });

  it('is shared by those who ask for the same', () => {
    const { informers } = setUp();
    expect(informers.for(pods)).to.equal(informers.for(pods));
    expect(informers.for(pods)).not.to.equal(informers.for(pods, { labelSelector: 'a=b' }));
  });

  it('indexes by namespace and by what it is told', async () => {
    const { api, environment, informers } = setUp();
    const informer = informers.for(pods);
    informer.addIndex('app', ({ metadata }) => (metadata?.labels?.app ? [metadata.labels.app] : []));
    await informers.start();
    api.put('pods', pod('a', { app: 'web' }));
    api.put('pods', pod('b', { app: 'web' }, 'other'));
    await environment.clock.settle();
    const names = (key: string) => informer.lister.byIndex('app', key).map(({ metadata }) => metadata?.name);
    expect(names('web')).to.deep.equal(['a', 'b']);
    expect(informer.lister.list('other').map(({ metadata }) => metadata?.name)).to.deep.equal(['b']);
    api.put('pods', pod('a', { app: 'db' }));
    await environment.clock.settle();
    expect([names('web'), names('db')]).to.deep.equal([['b'], ['a']]);
    await informers.stop();
  });

  it('goes on when a handler fails, and tells a late handler what is there', async () => {
    const { api, environment, informers } = setUp();
    const informer = informers.for(pods);
    informer.addHandler({
      added: () => {
        throw new Error('broken');
      },
    });
    await informers.start();
    api.put('pods', pod('a'));
    await environment.clock.settle();
    expect(record(informer)).to.deep.equal(['+a']);
    await informers.stop();
  });
});
