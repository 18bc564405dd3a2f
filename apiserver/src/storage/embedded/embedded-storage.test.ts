import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@coracle/apimachinery/component';
import { createSeededRandom, createVirtualClock, type VirtualClock } from '@coracle/client/testing';
import { expect } from 'chai';
import { CompactedError, type Storage, UnavailableError } from '../storage.ts';
import { storageSuite } from '../testing/index.ts';
import { openEmbeddedStorage } from './index.ts';

const bytes = (value: string) => new TextEncoder().encode(value);
const text = (value: Uint8Array | undefined) => value && new TextDecoder().decode(value);
const open = (directory: string, clock: VirtualClock) =>
  openEmbeddedStorage({ directory, environment: { clock, random: createSeededRandom(1), log: silentLogger } });
const temporary = () => mkdtemp(join(tmpdir(), 'coracle-embedded-'));

storageSuite('embedded', async () => {
  const directory = await temporary();
  const clock = createVirtualClock();
  const storage = await open(directory, clock);
  return {
    storage,
    passTime: (seconds) => clock.advance(seconds * 1000),
    async stop() {
      await storage.close();
      await rm(directory, { recursive: true });
    },
  };
});

describe('storage: embedded, on its own', () => {
  let directory: string;
  let clock: VirtualClock;
  let storage: Storage | undefined;

  beforeEach(async () => {
    directory = await temporary();
    clock = createVirtualClock();
  });
  afterEach(async () => {
    await storage?.close();
    storage = undefined;
    await rm(directory, { recursive: true });
  });

  const reopen = async (): Promise<Storage> => {
    await storage?.close();
    storage = await open(directory, clock);
    return storage;
  };
  const put = async (store: Storage, key: string, value: string, expected = 0, ttlSeconds?: number) => {
    const result = await store.commit({ key, value: bytes(value), expected, ...(ttlSeconds && { ttlSeconds }) });
    expect(result.ok).to.equal(true);
    return result.revision;
  };

  it('has everything again after a restart: keys, revisions, history', async () => {
    let store = await reopen();
    const first = await put(store, '/a', '1');
    const second = await put(store, '/a', '2', first);
    await put(store, '/b', '1');
    const last = await put(store, '/c', '1');
    await store.commit({ key: '/c', expected: last });
    store = await reopen();
    expect(await store.currentRevision()).to.equal(5);
    const { items } = await store.range({ start: '/', end: '0' });
    expect(
      items.map(({ key, value, createRevision, modRevision }) => [key, text(value), createRevision, modRevision]),
    ).to.deep.equal([
      ['/a', '2', first, second],
      ['/b', '1', 3, 3],
    ]);
    expect(text((await store.get('/a', first)).item?.value)).to.equal('1');
    expect(await put(store, '/d', '1')).to.equal(6);
  });

  it('goes on counting where the last write was a deletion that was compacted away', async () => {
    let store = await reopen();
    const first = await put(store, '/a', '1');
    await store.commit({ key: '/a', expected: first });
    await store.compact(2);
    store = await reopen();
    expect(store.compactedRevision).to.equal(2);
    expect(await put(store, '/a', '2')).to.equal(3);
    const gone = await store.get('/a', 1).catch((error: unknown) => error);
    expect(gone).to.be.instanceOf(CompactedError);
  });

  it('lets keys expire that were written before a restart', async () => {
    let store = await reopen();
    await put(store, '/a', '1', 0, 60);
    store = await reopen();
    await clock.advance(120_000);
    await store.commit({ key: '/barrier', value: bytes('.'), expected: 0 });
    expect((await store.get('/a')).item).to.equal(undefined);
  });

  it('hands out the very buffer it was given', async () => {
    const store = await reopen();
    const value = bytes('1');
    await store.commit({ key: '/a', value, expected: 0 });
    expect((await store.get('/a')).item?.value).to.equal(value);
  });

  it('compacts what is older than five to ten minutes, and rests when nothing happens', async () => {
    const store = await reopen();
    const first = await put(store, '/a', '1');
    await clock.advance(299_000);
    await put(store, '/a', '2', first);
    await clock.advance(2_000);
    expect(store.compactedRevision).to.equal(0);
    await clock.advance(300_000);
    expect(store.compactedRevision).to.equal(2);
    await clock.advance(3_600_000);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('is used by one at a time, and says so', async () => {
    await reopen();
    const second = await open(directory, clock).catch((error: Error) => error.message);
    expect(second).to.match(/another process is using it/);
  });

  it('says what to do with a damaged file', async () => {
    await writeFile(join(directory, 'state.db'), 'this is not a database, whatever its name says'.repeat(100));
    const refused = await open(directory, clock).catch((error: Error) => error.message);
    expect(refused).to.match(/damaged or not a database.*restore it from a backup/);
    await truncate(join(directory, 'state.db'));
    await reopen();
  });

  it('finishes writes under way when it is closed, and refuses later ones', async () => {
    let store = await reopen();
    const writes = Array.from({ length: 100 }, (_, index) => put(store, `/${index}`, 'x'));
    await store.close();
    await Promise.all(writes);
    const late = await store.commit({ key: '/late', value: bytes('x'), expected: 0 }).catch((error: unknown) => error);
    expect(late).to.be.instanceOf(UnavailableError);
    store = await reopen();
    expect(await store.range({ start: '/', end: '0' }, { countOnly: true })).to.include({ count: 100 });
  });
});
