import { serviceUnavailable, tooManyRequests } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { ResourceRef } from '@coracle/apimachinery/schema';
import { expect } from 'chai';
import fc from 'fast-check';
import { createClient } from '../rest/create-client.ts';
import { createMemoryApi } from '../testing/memory-api.ts';
import { testEnvironment } from '../testing/test-environment.ts';
import { createInformers } from './create-informers.ts';

const configMaps: ResourceRef = {
  group: '',
  version: 'v1',
  resource: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
};

const name = fc.constantFrom('a', 'b', 'c');
const steps = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('put' as const), name }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('remove' as const), name }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constantFrom('down-and-end' as const, 'end' as const, 'compact' as const) }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('busy' as const, 'up' as const, 'wait' as const) }) },
);

/** What a handler that keeps its own books has, told only of changes. Throws where it is told nonsense. */
function bookkeeper() {
  const books = new Map<string, string | undefined>();
  const nameOf = ({ metadata }: KubernetesObject) => metadata?.name ?? '';
  return {
    books,
    added(object: KubernetesObject) {
      expect(books.has(nameOf(object)), 'added twice').to.equal(false);
      books.set(nameOf(object), object.metadata?.resourceVersion);
    },
    updated(object: KubernetesObject, previous: KubernetesObject) {
      expect(books.get(nameOf(object)), 'previous').to.equal(previous.metadata?.resourceVersion);
      books.set(nameOf(object), object.metadata?.resourceVersion);
    },
    deleted(object: KubernetesObject) {
      expect(books.delete(nameOf(object)), 'deleted without being there').to.equal(true);
    },
  };
}

async function run(story: readonly { type: string; name?: string }[], watchList: boolean): Promise<void> {
  const api = createMemoryApi();
  const environment = testEnvironment();
  const failures: string[] = [];
  const log = { ...environment.log, error: (_: string, fields?: object) => failures.push(JSON.stringify(fields)) };
  const client = createClient(api.transport, { clock: environment.clock });
  const informers = createInformers({ client, environment: { ...environment, log } }, { watchList });
  const informer = informers.for(configMaps);
  const { books, ...handler } = bookkeeper();
  informer.addHandler(handler);
  const started = informers.start();
  let changes = 0;
  for (const step of story) {
    if (step.type === 'put') {
      const metadata = { name: step.name ?? '', namespace: 'default', labels: { change: String(++changes) } };
      api.put('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata });
    } else if (step.type === 'remove') api.remove('configmaps', step.name ?? '', 'default');
    else if (step.type === 'end') api.endWatches();
    else if (step.type === 'compact') api.compact();
    else if (step.type === 'down-and-end') {
      api.intercept = () => {
        throw serviceUnavailable('down');
      };
      api.endWatches();
    } else if (step.type === 'busy') {
      api.intercept = () => {
        throw tooManyRequests('busy', 1);
      };
    } else if (step.type === 'up') api.intercept = undefined;
    else await environment.clock.advance(1_000);
    await environment.clock.settle();
  }
  api.intercept = undefined;
  await environment.clock.advance(120_000);
  await started;
  const truth = api.list('configmaps').map(({ metadata }) => [metadata?.name, metadata?.resourceVersion]);
  expect([...books].sort()).to.deep.equal(truth.sort());
  expect(
    informer.lister
      .list()
      .map(({ metadata }) => metadata?.name)
      .sort(),
  ).to.deep.equal(truth.map(([each]) => each));
  expect(failures).to.deep.equal([]);
  await informers.stop();
}

describe('informer under faults', () => {
  for (const watchList of [false, true]) {
    it(`ends up with what the server has, and tells no nonsense on the way (${watchList ? 'stream' : 'list'})`, async () => {
      const property = fc.asyncProperty(fc.array(steps, { maxLength: 25 }), (story) => run(story, watchList));
      await fc.assert(property, { numRuns: 800 });
    }).timeout(20_000);
  }
});
