import { silentLogger } from '@coracle/apimachinery/component';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { createSeededRandom, createVirtualClock } from '@coracle/client/testing';
import { expect } from 'chai';
import { createMemoryStorage } from '../storage/memory/index.ts';
import { createObjectStores } from '../storage/object-store/index.ts';
import type { ListRequest, ResourceStore, WatchRequest } from '../storage/object-store/object-store.ts';
import { selectedWhenConverted } from './selected-when-converted.ts';

type Stored = KubernetesObject & { hostPort: string };
type Converted = KubernetesObject & { host: string };

const host = (object: KubernetesObject): Converted => {
  const { hostPort, ...rest } = object as Stored;
  return { ...rest, host: hostPort.split(':')[0] ?? '' };
};
const isHost = (wanted: string): Pick<ListRequest, 'matches'> => ({
  matches: ({ fields }) => fields['host'] === wanted,
});
const newest = { freshness: { type: 'newest' } } as const;

/** Stored objects have `hostPort`; the version that is selected has `host`, once it was asked for. */
describe('selection of custom resources that a webhook converts', () => {
  const prepared = new Set<KubernetesObject>();
  let stores: ReturnType<typeof createObjectStores>;
  let stored: ResourceStore;
  let selected: ResourceStore;
  let stop: AbortController;

  beforeEach(() => {
    const clock = createVirtualClock();
    const environment = { clock, random: createSeededRandom(1), log: silentLogger };
    stop = new AbortController();
    stores = createObjectStores({ storage: createMemoryStorage({ clock }), environment });
    const decode = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString()) as KubernetesObject;
    stored = stores.resource({ prefix: 'example.com/things', namespaced: true, decode });
    selected = selectedWhenConverted(stored, {
      async prepare(objects) {
        for (const object of objects) prepared.add(object);
      },
      convert(object) {
        if (!prepared.has(object)) throw new Error('nobody asked for it');
        return host(object);
      },
      fields: (object) => ({ host: (object as Converted).host }),
    });
  });
  afterEach(async () => {
    stop.abort();
    await stores.close();
  });

  const key = (name: string) => ({ namespace: 'a', name });
  const create = (name: string, hostPort: string) =>
    selected.create({ apiVersion: 'example.com/v1', kind: 'Thing', metadata: key(name), hostPort } as Stored);
  const move = (name: string, hostPort: string) =>
    selected.update(key(name), ({ object }) => ({ ...(object as Stored), hostPort }) as Stored);
  const remove = (name: string) => selected.delete(key(name), () => {});

  /** The first `count` events as `ADDED x h:1`, with the revision of deletions. */
  async function seen(request: Partial<WatchRequest>, count: number): Promise<string[]> {
    const lines: string[] = [];
    const whole: WatchRequest = { from: { type: 'now' }, bookmarks: false, ...request };
    for await (const events of selected.watch(whole, stop.signal)) {
      for (const event of events) {
        if (event.type === 'BOOKMARK') lines.push('BOOKMARK');
        else {
          const { name, revision, object } = event.object;
          const { hostPort } = object as Stored;
          lines.push(`${event.type} ${name} ${hostPort}${event.type === 'DELETED' ? ` @${revision}` : ''}`);
        }
      }
      if (lines.length >= count) break;
    }
    return lines;
  }

  it('lists by the values of the version that is asked for', async () => {
    await create('x', 'h1:80');
    await create('y', 'h2:80');
    await create('z', 'h1:81');
    const names = async (request: Partial<ListRequest>) =>
      (await selected.list({ ...newest, ...request })).items.map(({ name }) => name);
    expect(await names(isHost('h1'))).to.deep.equal(['x', 'z']);
    expect(await names({ ...isHost('h1'), startAfter: key('x') })).to.deep.equal(['z']);
    expect(await names({})).to.deep.equal(['x', 'y', 'z']);
    const page = await selected.list({ ...newest, ...isHost('h1'), limit: 1 });
    expect(page.items.map(({ name }) => name)).to.deep.equal(['x']);
    expect(page.more).to.deep.equal({ remaining: undefined });
  });

  it('tells a watcher what enters, changes within and leaves its selection', async () => {
    const first = await create('x', 'h1:80');
    await create('y', 'h2:80');
    const after = first?.revision ?? 0;
    await move('x', 'h1:81');
    await move('y', 'h1:82');
    const left = await move('x', 'h2:81');
    const gone = await remove('y');
    await remove('x');
    const expected = [
      'MODIFIED x h1:81',
      'ADDED y h1:82',
      `DELETED x h1:81 @${left?.revision}`,
      `DELETED y h1:82 @${gone?.revision}`,
    ];
    expect(await seen({ ...isHost('h1'), from: { type: 'after', revision: after } }, 4)).to.deep.equal(expected);
  });

  it('begins with what is selected where initial events are asked for', async () => {
    await create('x', 'h1:80');
    await create('y', 'h2:80');
    const from = { type: 'initial-events', freshness: { type: 'newest' } } as const;
    expect(await seen({ ...isHost('h2'), from, bookmarks: true }, 2)).to.deep.equal(['ADDED y h2:80', 'BOOKMARK']);
  });
});
