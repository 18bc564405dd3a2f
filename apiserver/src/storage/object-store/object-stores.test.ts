import { silentLogger } from '@coracle/apimachinery/component';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { createSeededRandom, createVirtualClock, type VirtualClock } from '@coracle/client/testing';
import { expect } from 'chai';
import { createMemoryStorage } from '../memory/index.ts';
import { CompactedError, type Storage } from '../storage.ts';
import { createObjectStores } from './index.ts';
import {
  type Freshness,
  type ObjectStores,
  type ResourceStore,
  type StoredObject,
  type StoreEvent,
  WatcherTooSlowError,
  type WatchRequest,
} from './object-store.ts';

interface Thing extends KubernetesObject {
  spec?: { size?: number; node?: string };
}

const newest: Freshness = { type: 'newest' };
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const decode = (stored: Uint8Array): KubernetesObject => JSON.parse(text(stored)) as KubernetesObject;

function thing(namespace: string, name: string, spec: Thing['spec'] = {}, labels?: Record<string, string>): Thing {
  const metadata = { name, namespace, ...(labels && { labels }) };
  return { apiVersion: 'v1', kind: 'Thing', metadata, spec };
}

describe('object stores', () => {
  let clock: VirtualClock;
  let storage: Storage;
  let stores: ObjectStores;
  let things: ResourceStore;
  let stop: AbortController;

  const open = () => {
    const environment = { clock, random: createSeededRandom(1), log: silentLogger };
    stores = createObjectStores({ storage, environment }, { freeze: true });
    things = stores.resource({
      prefix: 'things',
      namespaced: true,
      storedAs: { apiVersion: 'v1', kind: 'Thing' },
      decode,
      fields: (object) => ({ 'spec.node': (object as Thing).spec?.node ?? '' }),
    });
  };

  beforeEach(() => {
    clock = createVirtualClock();
    storage = createMemoryStorage({ clock });
    stop = new AbortController();
    open();
  });
  afterEach(async () => {
    stop.abort();
    await stores.close();
    await storage.close();
  });

  const create = async (object: Thing): Promise<StoredObject> => (await things.create(object)) as StoredObject;
  const resize = (namespace: string, name: string, size: number) =>
    things.update({ namespace, name }, (current) => ({
      ...(current.object as Thing),
      spec: { size },
    })) as Promise<StoredObject>;
  const watch = (request: Partial<WatchRequest> = {}) =>
    new Seen(things.watch({ from: { type: 'now' }, bookmarks: false, ...request }, stop.signal));
  const namesOf = (items: readonly StoredObject[]) => items.map(({ namespace, name }) => `${namespace}/${name}`);

  describe('bytes', () => {
    it('stores objects without resourceVersion and hands them out with it', async () => {
      const object = thing('a', 'x', { size: 1 });
      const stored = await create({ ...object, metadata: { ...object.metadata, resourceVersion: '77' } });
      const { item } = await storage.get('/registry/things/a/x');
      expect(text(item?.value as Uint8Array)).to.equal(
        '{"kind":"Thing","apiVersion":"v1","metadata":{"name":"x","namespace":"a"},"spec":{"size":1}}',
      );
      expect(text(Buffer.concat(stored.jsonPieces))).to.equal(
        '{"kind":"Thing","apiVersion":"v1","metadata":{"resourceVersion":"1","name":"x","namespace":"a"},"spec":{"size":1}}',
      );
      expect(stored.object.metadata?.resourceVersion).to.equal('1');
      expect(decode(Buffer.concat(stored.jsonPieces))).to.deep.equal(stored.object);
    });

    it('gives the writer, readers and watchers one and the same object', async () => {
      const seen = watch();
      await seen.begun();
      const created = await create(thing('a', 'x'));
      const [event] = await seen.events(1);
      expect(event?.type === 'ADDED' && event.object).to.equal(created);
      expect(await things.get({ namespace: 'a', name: 'x' }, newest)).to.equal(created);
    });

    it('serves what is in the store from before, in whatever form decode understands', async () => {
      const foreign =
        '{"spec":{"metadata":{}},"metadata":{"name":"y","namespace":"a"},"kind":"Thing","apiVersion":"v1"}';
      await create(thing('a', 'x'));
      await storage.commit({ key: '/registry/things/a/y', value: new TextEncoder().encode(foreign), expected: 0 });
      await stores.close();
      open();
      const { items, revision } = await things.list({ freshness: newest });
      expect(revision).to.equal(2);
      expect(items.map((item) => text(Buffer.concat(item.jsonPieces)))).to.deep.equal([
        '{"kind":"Thing","apiVersion":"v1","metadata":{"resourceVersion":"1","name":"x","namespace":"a"},"spec":{}}',
        '{"kind":"Thing","apiVersion":"v1","metadata":{"resourceVersion":"2","name":"y","namespace":"a"},"spec":{"metadata":{}}}',
      ]);
    });

    it('makes another encoding once a revision', async () => {
      const stored = await create(thing('a', 'x'));
      let made = 0;
      const make = () => {
        made++;
        return new Uint8Array([made]);
      };
      stored.encoded('protobuf', make);
      expect(stored.encoded('protobuf', make)).to.deep.equal(new Uint8Array([1]));
    });
  });

  describe('writes', () => {
    it('creates a name once', async () => {
      await create(thing('a', 'x'));
      expect(await things.create(thing('a', 'x'))).to.equal(undefined);
    });

    it('writes nothing where nothing changed, whatever the order of fields', async () => {
      const created = await create(thing('a', 'x', { size: 1, node: 'n' }));
      const same = await things.update({ namespace: 'a', name: 'x' }, (current) => current.object);
      const reordered = await things.update({ namespace: 'a', name: 'x' }, ({ object }) => ({
        ...(object as Thing),
        spec: { node: 'n', size: 1 },
      }));
      expect(same).to.equal(created);
      expect(reordered).to.equal(created);
      expect(await storage.currentRevision()).to.equal(1);
    });

    it('tries again on a conflict, from the newest state', async () => {
      await create(thing('a', 'x', { size: 0 }));
      const increments = Array.from({ length: 20 }, () =>
        things.update({ namespace: 'a', name: 'x' }, async ({ object }) => {
          await Promise.resolve();
          return { ...(object as Thing), spec: { size: ((object as Thing).spec?.size ?? 0) + 1 } };
        }),
      );
      await Promise.all(increments);
      const stored = await things.get({ namespace: 'a', name: 'x' }, newest);
      expect((stored?.object as Thing | undefined)?.spec?.size).to.equal(20);
    });

    it('does not refuse on the strength of an outdated state', async () => {
      await create(thing('a', 'x', { size: 1 }));
      let asked = 0;
      const updated = await things.update({ namespace: 'a', name: 'x' }, async ({ object }) => {
        asked++;
        if (asked === 1) await resize('a', 'x', 2);
        if ((object as Thing).spec?.size === 1) throw new Error('too small');
        return { ...(object as Thing), spec: { size: 3 } };
      });
      expect((updated?.object as Thing | undefined)?.spec?.size).to.equal(3);
    });

    it('passes on what the change throws', async () => {
      await create(thing('a', 'x'));
      const refused = things.update({ namespace: 'a', name: 'x' }, () => {
        throw new Error('no');
      });
      expect(await refused.catch((error: Error) => error.message)).to.equal('no');
    });

    it('deletes what passes the check, and answers the last state at the revision of the deletion', async () => {
      await create(thing('a', 'x', { size: 1 }));
      const refused = things.delete({ namespace: 'a', name: 'x' }, () => {
        throw new Error('held');
      });
      expect(await refused.catch((error: Error) => error.message)).to.equal('held');
      const deleted = await things.delete({ namespace: 'a', name: 'x' }, () => {});
      expect(deleted?.object).to.deep.include({ spec: { size: 1 } });
      expect(deleted?.object.metadata?.resourceVersion).to.equal('2');
      expect(await things.get({ namespace: 'a', name: 'x' }, newest)).to.equal(undefined);
      expect(await things.delete({ namespace: 'a', name: 'x' }, () => {})).to.equal(undefined);
      expect(await things.update({ namespace: 'a', name: 'x' }, ({ object }) => object)).to.equal(undefined);
    });
  });

  describe('lists', () => {
    it('answers namespaces and names in order', async () => {
      for (const [namespace, name] of [
        ['b', '1'],
        ['a', '2'],
        ['a', '1'],
        ['ab', '1'],
        ['a-b', '1'],
      ] as const) {
        await create(thing(namespace, name));
      }
      expect(namesOf((await things.list({ freshness: newest })).items)).to.deep.equal([
        'a-b/1',
        'a/1',
        'a/2',
        'ab/1',
        'b/1',
      ]);
      expect(namesOf((await things.list({ freshness: newest, namespace: 'a' })).items)).to.deep.equal(['a/1', 'a/2']);
      expect(namesOf((await things.list({ freshness: newest, name: '1' })).items)).to.have.length(4);
      expect(namesOf((await things.list({ freshness: newest, namespace: 'a', name: '2' })).items)).to.deep.equal([
        'a/2',
      ]);
    });

    it('pages through one state while it changes', async () => {
      for (let index = 0; index < 7; index++) await create(thing('a', String(index)));
      const first = await things.list({ freshness: newest, limit: 3 });
      expect(first.more).to.deep.equal({ remaining: 4 });
      await things.delete({ namespace: 'a', name: '4' }, () => {});
      await create(thing('a', '35'));
      const exact: Freshness = { type: 'exact', revision: first.revision };
      const second = await things.list({ freshness: exact, limit: 3, startAfter: { namespace: 'a', name: '2' } });
      const third = await things.list({ freshness: exact, limit: 3, startAfter: { namespace: 'a', name: '5' } });
      expect(namesOf([...first.items, ...second.items, ...third.items])).to.deep.equal(
        Array.from({ length: 7 }, (_, index) => `a/${index}`),
      );
      expect(second.revision).to.equal(first.revision);
      expect(third.more).to.equal(undefined);
    });

    it('answers exact revisions from the window, from the store, and not from before a compaction', async () => {
      await create(thing('a', '1'));
      await create(thing('a', '2'));
      await things.delete({ namespace: 'a', name: '1' }, () => {});
      const at = async (revision: number) =>
        namesOf((await things.list({ freshness: { type: 'exact', revision } })).items);
      expect(await at(2)).to.deep.equal(['a/1', 'a/2']);
      await stores.close();
      open();
      expect(await at(1)).to.deep.equal(['a/1']);
      expect(await at(3)).to.deep.equal(['a/2']);
      await storage.compact(2);
      expect(await at(1).catch((error: unknown) => error)).to.be.instanceOf(CompactedError);
    });
  });

  describe('watches', () => {
    it('turns updates into additions and deletions at the edge of a selection', async () => {
      const seen = watch({ matches: ({ labels }) => labels['on'] === 'yes' });
      await seen.begun();
      const label = (value: string) =>
        things.update({ namespace: 'a', name: 'x' }, ({ object }) => ({
          ...object,
          metadata: { ...object.metadata, labels: { on: value } },
        }));
      await create(thing('a', 'x', {}, { on: 'no' }));
      await label('yes');
      await resize('a', 'x', 5);
      await label('no');
      await label('yes');
      await things.delete({ namespace: 'a', name: 'x' }, () => {});
      expect(await seen.log(5)).to.deep.equal([
        'ADDED a/x @2',
        'MODIFIED a/x @3',
        'DELETED a/x @4',
        'ADDED a/x @5',
        'DELETED a/x @6',
      ]);
      expect(seen.last?.object.labels).to.deep.equal({ on: 'yes' });
    });

    it('tells watchers of a namespace, a name or a field what concerns them', async () => {
      const byNamespace = watch({ namespace: 'a' });
      const byName = watch({ namespace: 'a', name: 'x' });
      const byNameAnywhere = watch({ name: 'x' });
      const byField = watch({
        equals: { field: 'spec.node', value: 'n1' },
        matches: ({ fields }) => fields['spec.node'] === 'n1',
      });
      for (const seen of [byNamespace, byName, byNameAnywhere, byField]) await seen.begun();
      await create(thing('a', 'x'));
      await create(thing('b', 'x'));
      await create(thing('a', 'y', { node: 'n1' }));
      await things.update(
        { namespace: 'a', name: 'y' },
        ({ object }) => ({ ...object, spec: { node: 'n2' } }) as Thing,
      );
      expect(await byNamespace.log(3)).to.deep.equal(['ADDED a/x @1', 'ADDED a/y @3', 'MODIFIED a/y @4']);
      expect(await byName.log(1)).to.deep.equal(['ADDED a/x @1']);
      expect(await byNameAnywhere.log(2)).to.deep.equal(['ADDED a/x @1', 'ADDED b/x @2']);
      expect(await byField.log(2)).to.deep.equal(['ADDED a/y @3', 'DELETED a/y @4']);
    });

    it('resumes after any revision, from the window or the history of the store, or says that it is gone', async () => {
      await create(thing('a', 'x', { size: 0 }));
      for (let size = 1; size <= 5; size++) await resize('a', 'x', size);
      const expected = [3, 4, 5, 6, 7].map((revision) => `MODIFIED a/x @${revision}`);
      const after = (revision: number) => watch({ from: { type: 'after', revision } });
      const warm = after(2);
      expect(await warm.log(4)).to.deep.equal(expected.slice(0, 4));
      await stores.close();
      open();
      const cold = after(2);
      await cold.begun();
      await resize('a', 'x', 6);
      expect(await cold.log(5)).to.deep.equal(expected);
      await stores.close();
      open();
      await storage.compact(5);
      expect(await after(2).failure()).to.be.instanceOf(CompactedError);
      expect(await after(4).log(3)).to.deep.equal(expected.slice(2));
    });

    it('keeps no changes that the store has compacted, and goes on from the last of them', async () => {
      await create(thing('a', 'x', { size: 0 }));
      for (let size = 1; size <= 3; size++) await resize('a', 'x', size);
      const after = (revision: number) => watch({ from: { type: 'after', revision } });
      const before = after(1);
      expect(await before.log(3)).to.deep.equal([2, 3, 4].map((revision) => `MODIFIED a/x @${revision}`));
      await storage.compact(4);
      await create(thing('b', 'y'));
      expect(await before.log(1)).to.deep.equal(['ADDED b/y @5']);
      expect(await after(1).failure()).to.be.instanceOf(CompactedError);
      expect(await after(4).log(1)).to.deep.equal(['ADDED b/y @5']);
    });

    it('begins with the whole state where asked to, marks its end, and goes on', async () => {
      await create(thing('a', 'x'));
      await create(thing('b', 'y'));
      const seen = watch({ from: { type: 'initial-events', freshness: newest }, bookmarks: true });
      await seen.begun();
      await create(thing('a', 'z'));
      expect(await seen.log(4)).to.deep.equal(['ADDED a/x @1', 'ADDED b/y @2', 'BOOKMARK @2 end', 'ADDED a/z @3']);
    });

    it('keeps the mark of that end from those who take no bookmarks', async () => {
      await create(thing('a', 'x'));
      const seen = watch({ from: { type: 'initial-events', freshness: newest } });
      await seen.begun();
      await create(thing('a', 'z'));
      expect(await seen.log(2)).to.deep.equal(['ADDED a/x @1', 'ADDED a/z @2']);
    });

    it('sends a bookmark a minute to those who want it, as long as something happens', async () => {
      const seen = watch({ namespace: 'b', bookmarks: true });
      await seen.begun();
      await create(thing('a', 'x'));
      await clock.advance(60_000);
      expect(await seen.log(1)).to.deep.equal(['BOOKMARK @1']);
      await clock.advance(600_000);
      expect(clock.pendingTimers).to.equal(0);
    });

    it('tells nobody of a change before who made it has the answer', async () => {
      const seen = watch();
      await seen.begun();
      const order: string[] = [];
      const told = seen.events(1).then(() => order.push('told'));
      await create(thing('a', 'x'));
      for (let step = 0; step < 50; step++) await Promise.resolve();
      order.push('answered');
      await told;
      expect(order).to.deep.equal(['answered', 'told']);
    });

    it('ends a watcher that falls behind, and nobody else', async () => {
      const slow = watch();
      const quick = watch();
      await slow.begun();
      await quick.begun();
      await create(thing('a', 'x'));
      // Its reader has begun: it takes this one, and no more.
      await clock.settle();
      for (let size = 1; size <= 10_001; size++) {
        await resize('a', 'x', size);
        if (size % 1000 === 0) await quick.events(1000);
      }
      expect(await slow.failure()).to.be.instanceOf(WatcherTooSlowError);
      expect(await quick.log(2)).to.deep.equal(['MODIFIED a/x @10001', 'MODIFIED a/x @10002']);
    });

    it('ends a watcher for which more than 64 MiB wait, and says so while it waits for its own reader', async () => {
      let told = 0;
      const slow = watch({ onTooSlow: () => told++ });
      await slow.begun();
      const megabyte = 'x'.repeat(1 << 20);
      for (let count = 1; count <= 66; count++) await create(thing('a', `x${count}`, { node: megabyte }));
      await clock.settle();
      expect(told).to.equal(1);
      expect(await slow.failure()).to.be.instanceOf(WatcherTooSlowError);
    });

    it('ends all watches of a resource that is no longer served', async () => {
      const seen = watch();
      await seen.begun();
      stores.remove('things');
      expect(await seen.failure()).to.equal(undefined);
    });
  });
});

/** Collects what a watch tells. */
class Seen {
  readonly #batches: AsyncIterator<readonly StoreEvent[]>;
  #next: Promise<IteratorResult<readonly StoreEvent[]>> | undefined;
  readonly #rest: StoreEvent[] = [];
  last: { readonly object: StoredObject } | undefined;

  constructor(watch: AsyncIterable<readonly StoreEvent[]>) {
    this.#batches = watch[Symbol.asyncIterator]();
  }

  /** The watch takes part from now on. */
  async begun(): Promise<void> {
    this.#next ??= this.#batches.next();
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  async events(count: number): Promise<StoreEvent[]> {
    while (this.#rest.length < count) {
      const result = await (this.#next ?? this.#batches.next());
      this.#next = undefined;
      if (result.done) throw new Error('the watch ended');
      this.#rest.push(...result.value);
    }
    return this.#rest.splice(0, count);
  }

  async log(count: number): Promise<string[]> {
    return (await this.events(count)).map((event) => {
      if (event.type === 'BOOKMARK') return `BOOKMARK @${event.revision}${event.initialEventsEnd ? ' end' : ''}`;
      this.last = event;
      const { namespace, name, object, revision } = event.object;
      expect(object.metadata?.resourceVersion).to.equal(String(revision));
      expect(decode(Buffer.concat(event.object.jsonPieces)).metadata?.resourceVersion).to.equal(String(revision));
      return `${event.type} ${namespace}/${name} @${revision}`;
    });
  }

  async failure(): Promise<unknown> {
    try {
      let result = await (this.#next ?? this.#batches.next());
      while (!result.done) result = await this.#batches.next();
      return undefined;
    } catch (error) {
      return error;
    }
  }
}
