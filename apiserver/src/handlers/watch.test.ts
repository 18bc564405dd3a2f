import { expect } from 'chai';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { ConfigMaps } from '@coracle/apimachinery/resources';
import type { ConfigMap } from '@coracle/apimachinery/types/core-v1';
import { startTestApiServer, type TestApiServer } from '../testing/index.ts';

const namespace = 'default';
const path = `/api/v1/namespaces/${namespace}/configmaps`;
const labelled = (name: string, app: string): ConfigMap & KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, labels: { app } },
});

describe('watch', () => {
  let api: TestApiServer;
  let ending: AbortController;

  beforeEach(async () => {
    api = await startTestApiServer();
    ending = new AbortController();
  });
  afterEach(async () => {
    ending.abort();
    await api.stop();
  });

  /** The first `count` events, as `TYPE name`. */
  async function events(query: string, count: number): Promise<string[]> {
    const seen: string[] = [];
    for await (const { type, object } of api.transport.watch(
      { method: 'GET', path: `${path}?watch=1&${query}` },
      ending.signal,
    )) {
      seen.push(`${type} ${(object as KubernetesObject).metadata?.name ?? ''}`.trim());
      if (seen.length === count) break;
    }
    return seen;
  }
  const relabel = (name: string, app: string) =>
    api.client.patch(ConfigMaps, { namespace, name }, { type: 'merge', body: { metadata: { labels: { app } } } });

  it('tells the present state, says that it was all, then changes', async () => {
    await api.client.create(ConfigMaps, labelled('a', 'x'));
    const watching = events('allowWatchBookmarks=true', 4);
    await api.client.create(ConfigMaps, labelled('b', 'x'));
    await api.client.delete(ConfigMaps, { namespace, name: 'a' });
    const seen = await watching;
    expect(seen.filter((event) => event !== 'BOOKMARK')).to.deep.equal(['ADDED a', 'ADDED b', 'DELETED a']);
  });

  it('shows who begins or ceases to match as added or deleted', async () => {
    const { metadata } = await api.client.create(ConfigMaps, labelled('a', 'x'));
    const watching = events(`resourceVersion=${metadata?.resourceVersion}&labelSelector=app%3Dy`, 3);
    await relabel('a', 'y');
    await api.client.create(ConfigMaps, labelled('other', 'x'));
    await relabel('a', 'x');
    await relabel('other', 'y');
    expect(await watching).to.deep.equal(['ADDED a', 'DELETED a', 'ADDED other']);
  });

  it('goes on where another watch ended', async () => {
    const { metadata } = await api.client.create(ConfigMaps, labelled('a', 'x'));
    await api.client.create(ConfigMaps, labelled('b', 'x'));
    await relabel('a', 'y');
    expect(await events(`resourceVersion=${metadata?.resourceVersion}`, 2)).to.deep.equal(['ADDED b', 'MODIFIED a']);
  });
});
