import { expect } from 'chai';
import {
  type Commit,
  CompactedError,
  FutureRevisionError,
  type KeyRange,
  type Storage,
  type StorageEvent,
  type WatchBatch,
} from '../storage.ts';

/** One driver under test. */
export interface StorageUnderTest {
  readonly storage: Storage;
  /** Lets `seconds` pass for time-to-live; real drivers wait. */
  passTime(seconds: number): Promise<void>;
  stop(): Promise<void>;
}

const text = (value: Uint8Array | undefined) => (value === undefined ? undefined : new TextDecoder().decode(value));
const bytes = (value: string) => new TextEncoder().encode(value);
const all: KeyRange = { start: '/registry/', end: '/registry0' };

/** What every driver promises, see storage.ts. */
export function storageSuite(name: string, make: () => Promise<StorageUnderTest>): void {
  describe(`storage: ${name}`, () => {
    let subject: StorageUnderTest;
    let storage: Storage;
    let stopWatches: AbortController;

    beforeEach(async () => {
      subject = await make();
      storage = subject.storage;
      stopWatches = new AbortController();
    });
    afterEach(async () => {
      stopWatches.abort();
      await subject.stop();
    });

    const put = async (key: string, value: string, expected = 0, ttlSeconds?: number): Promise<number> => {
      const commit: Commit = {
        key,
        value: bytes(value),
        expected,
        ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
      };
      const result = await storage.commit(commit);
      expect(result.ok, `put ${key}`).to.equal(true);
      return result.revision;
    };
    const remove = async (key: string, expected: number): Promise<number> => {
      const result = await storage.commit({ key, expected });
      expect(result.ok, `delete ${key}`).to.equal(true);
      return result.revision;
    };
    const read = async (key: string, revision?: number) => text((await storage.get(key, revision)).item?.value);
    const names = async (range: KeyRange, revision?: number) => {
      const result = await storage.range(range, revision === undefined ? {} : { revision });
      return result.items.map((item) => `${item.key}=${text(item.value)}`);
    };
    const watch = (range: KeyRange, fromRevision: number) =>
      new Seen(storage.watch(range, { fromRevision }, stopWatches.signal));
    const watchFromHere = async (range: KeyRange) => watch(range, (await storage.currentRevision()) + 1);

    describe('compare and write', () => {
      it('creates a key once', async () => {
        await put('/registry/a', '1');
        const again = await storage.commit({ key: '/registry/a', value: bytes('2'), expected: 0 });
        expect(again.ok).to.equal(false);
        expect(!again.ok && text(again.current?.value)).to.equal('1');
        expect(await read('/registry/a')).to.equal('1');
      });

      it('replaces a key at the expected revision only', async () => {
        const first = await put('/registry/a', '1');
        const second = await put('/registry/a', '2', first);
        const stale = await storage.commit({ key: '/registry/a', value: bytes('3'), expected: first });
        expect(stale.ok).to.equal(false);
        expect(!stale.ok && stale.current?.modRevision).to.equal(second);
        const { item } = await storage.get('/registry/a');
        expect(item).to.include({ createRevision: first, modRevision: second });
      });

      it('refuses to replace or delete what does not exist', async () => {
        const replaced = await storage.commit({ key: '/registry/a', value: bytes('1'), expected: 7 });
        const deleted = await storage.commit({ key: '/registry/a', expected: 7 });
        expect(replaced).to.include({ ok: false, current: undefined });
        expect(deleted).to.include({ ok: false, current: undefined });
      });

      it('deletes at the expected revision only, and lets the key be made again', async () => {
        const first = await put('/registry/a', '1');
        const refused = await storage.commit({ key: '/registry/a', expected: first + 100 });
        expect(refused.ok).to.equal(false);
        const deletion = await remove('/registry/a', first);
        expect(await read('/registry/a')).to.equal(undefined);
        const recreated = await put('/registry/a', '2');
        expect(recreated).to.be.greaterThan(deletion);
        expect((await storage.get('/registry/a')).item?.createRevision).to.equal(recreated);
      });

      it('lets exactly one of many writers win each round', async () => {
        let revision = await put('/registry/a', '0');
        for (let round = 1; round <= 5; round++) {
          const attempts = Array.from({ length: 8 }, (_, writer) =>
            storage.commit({ key: '/registry/a', value: bytes(`${round}.${writer}`), expected: revision }),
          );
          const results = await Promise.all(attempts);
          const won = results.filter((result) => result.ok);
          expect(won, `round ${round}`).to.have.length(1);
          revision = won[0]?.revision as number;
          for (const lost of results) if (!lost.ok) expect(lost.current?.modRevision).to.equal(revision);
        }
      });

      it('gives every commit a revision of its own, higher than all before', async () => {
        const revisions = await Promise.all(Array.from({ length: 50 }, (_, index) => put(`/registry/${index}`, 'x')));
        expect(new Set(revisions).size).to.equal(50);
        expect(await put('/registry/last', 'x')).to.be.greaterThan(Math.max(...revisions));
        expect(await storage.currentRevision()).to.equal(revisions.length + Math.min(...revisions));
      });
    });

    describe('reads', () => {
      it('sees a write as soon as it is acknowledged', async () => {
        for (let index = 0; index < 20; index++) {
          const revision = await put(`/registry/${index}`, String(index));
          expect(await read(`/registry/${index}`)).to.equal(String(index));
          expect(await storage.currentRevision()).to.be.at.least(revision);
        }
      });

      it('answers ranges in byte order, half open', async () => {
        for (const key of ['b/2', 'a/1', 'b/10', 'c/1', 'b0']) await put(`/registry/${key}`, '.');
        expect(await names({ start: '/registry/b/', end: '/registry/b0' })).to.deep.equal([
          '/registry/b/10=.',
          '/registry/b/2=.',
        ]);
      });

      it('cuts at the limit and says what is left', async () => {
        for (let index = 0; index < 5; index++) await put(`/registry/${index}`, '.');
        const cut = await storage.range(all, { limit: 2 });
        expect(cut).to.include({ more: true, count: 5 });
        expect(cut.items.map((item) => item.key)).to.deep.equal(['/registry/0', '/registry/1']);
        const whole = await storage.range(all, { limit: 5 });
        expect(whole).to.include({ more: false, count: 5 });
        const counted = await storage.range(all, { countOnly: true });
        expect(counted.items).to.have.length(0);
        expect(counted).to.include({ count: 5, more: false });
      });

      it('answers as of an older revision', async () => {
        const first = await put('/registry/a', '1');
        const second = await put('/registry/b', '1');
        const third = await put('/registry/a', '2', first);
        const fourth = await remove('/registry/b', second);
        const fifth = await put('/registry/b', '3');
        const states: [number, string[]][] = [
          [first, ['/registry/a=1']],
          [second, ['/registry/a=1', '/registry/b=1']],
          [third, ['/registry/a=2', '/registry/b=1']],
          [fourth, ['/registry/a=2']],
          [fifth, ['/registry/a=2', '/registry/b=3']],
        ];
        for (const [revision, state] of states) {
          expect(await names(all, revision), `at ${revision}`).to.deep.equal(state);
        }
        expect(await read('/registry/b', third)).to.equal('1');
        expect(await read('/registry/b', fourth)).to.equal(undefined);
      });

      it('refuses a revision that is yet to come', async () => {
        const revision = await put('/registry/a', '1');
        expect(await failureOf(storage.range(all, { revision: revision + 10 }))).to.be.instanceOf(FutureRevisionError);
      });
    });

    describe('watch', () => {
      it('tells puts and deletes in order, with what was there before', async () => {
        const seen = await watchFromHere(all);
        const first = await put('/registry/a', '1');
        const second = await put('/registry/a', '2', first);
        const third = await remove('/registry/a', second);
        const events = await seen.events(3);
        expect(events.map(describeEvent)).to.deep.equal([
          `put /registry/a=1 @${first}`,
          `put /registry/a=2 @${second} was 1 @${first}`,
          `delete /registry/a @${third} was 2 @${second}`,
        ]);
      });

      it('begins at a past revision, without a gap and without a repetition', async () => {
        const revisions: number[] = [];
        for (let index = 0; index < 10; index++) revisions.push(await put(`/registry/${index}`, 'x'));
        const seen = watch(all, revisions[4] as number);
        for (let index = 10; index < 20; index++) revisions.push(await put(`/registry/${index}`, 'x'));
        const events = await seen.events(16);
        expect(events.map(eventRevision)).to.deep.equal(revisions.slice(4));
      });

      it('begins after the present where asked for the future', async () => {
        const first = await put('/registry/a', '1');
        const seen = watch(all, first + 2);
        const second = await put('/registry/b', '1');
        const third = await put('/registry/c', '1');
        expect(second).to.equal(first + 1);
        expect((await seen.events(1)).map(eventRevision)).to.deep.equal([third]);
      });

      it('sees its range only', async () => {
        const seen = await watchFromHere({ start: '/registry/b/', end: '/registry/b0' });
        const single = await watchFromHere({ start: '/registry/b/2' });
        for (const key of ['a/1', 'b/1', 'b/2', 'c/1']) await put(`/registry/${key}`, '.');
        const last = await put('/registry/b/3', '.');
        expect((await seen.events(3)).map((event) => eventKey(event))).to.deep.equal([
          '/registry/b/1',
          '/registry/b/2',
          '/registry/b/3',
        ]);
        expect((await single.events(1)).map((event) => eventKey(event))).to.deep.equal(['/registry/b/2']);
        expect(await storage.currentRevision()).to.equal(last);
      });

      it('says on request that nothing was missed', async () => {
        const seen = await watchFromHere({ start: '/registry/b/', end: '/registry/b0' });
        await put('/registry/b/1', '.');
        const other = await put('/registry/a/1', '.');
        await seen.events(1);
        await storage.requestProgress();
        expect(await seen.reaches(other)).to.be.at.least(other);
      });

      it('ends quietly when it is told to', async () => {
        const stop = new AbortController();
        const fromRevision = await put('/registry/a', '1');
        const seen = new Seen(storage.watch(all, { fromRevision }, stop.signal));
        await seen.events(1);
        stop.abort();
        expect(await seen.ended()).to.equal(undefined);
      });

      it('loses nothing under concurrent writers', async () => {
        const seen = await watchFromHere(all);
        const revisions = await Promise.all(Array.from({ length: 200 }, (_, index) => put(`/registry/${index}`, 'x')));
        const events = await seen.events(200);
        expect(events.map(eventRevision)).to.deep.equal(revisions.toSorted((a, b) => a - b));
      });
    });

    describe('compaction', () => {
      it('forgets what is older and keeps what is not', async () => {
        const first = await put('/registry/a', '1');
        const second = await put('/registry/a', '2', first);
        const third = await put('/registry/b', '1');
        await storage.compact(second);
        expect(await failureOf(storage.range(all, { revision: first }))).to.be.instanceOf(CompactedError);
        expect(await names(all, second)).to.deep.equal(['/registry/a=2']);
        expect(await names(all, third)).to.deep.equal(['/registry/a=2', '/registry/b=1']);
        expect(await names(all)).to.deep.equal(['/registry/a=2', '/registry/b=1']);
      });

      it('ends a watch from before it', async () => {
        const first = await put('/registry/a', '1');
        const second = await put('/registry/a', '2', first);
        const third = await put('/registry/a', '3', second);
        await storage.compact(third);
        expect(await watch(all, first).ended()).to.be.instanceOf(CompactedError);
        const fourth = await put('/registry/a', '4', third);
        const seen = watch(all, third + 1);
        expect((await seen.events(1)).map(eventRevision)).to.deep.equal([fourth]);
      });

      it('keeps keys that were deleted deleted', async () => {
        const first = await put('/registry/a', '1');
        await remove('/registry/a', first);
        const last = await put('/registry/b', '1');
        await storage.compact(last);
        expect(await names(all, last)).to.deep.equal(['/registry/b=1']);
      });
    });

    describe('time to live', () => {
      it('deletes a key when its time is over, and tells watchers', async () => {
        const seen = await watchFromHere(all);
        await put('/registry/a', '1', 0, 1);
        await put('/registry/b', '1');
        await seen.events(2);
        await subject.passTime(4);
        const [deletion] = await seen.events(1);
        expect(deletion && describeEvent(deletion)).to.match(/^delete \/registry\/a /);
        expect(await names(all)).to.deep.equal(['/registry/b=1']);
      });

      it('starts over with the next write, or ends with it', async () => {
        const a = await put('/registry/a', '1', 0, 1);
        const b = await put('/registry/b', '1', 0, 1);
        await put('/registry/a', '2', a);
        await put('/registry/b', '2', b, 1000);
        await subject.passTime(4);
        expect(await names(all)).to.deep.equal(['/registry/a=2', '/registry/b=2']);
      });
    });
  });
}

/** Collects what a watch tells. */
class Seen {
  readonly #batches: AsyncIterator<WatchBatch>;
  readonly #rest: StorageEvent[] = [];
  #revision = 0;

  constructor(watch: AsyncIterable<WatchBatch>) {
    this.#batches = watch[Symbol.asyncIterator]();
  }

  async events(count: number): Promise<StorageEvent[]> {
    while (this.#rest.length < count) await this.#next();
    return this.#rest.splice(0, count);
  }

  async reaches(revision: number): Promise<number> {
    while (this.#revision < revision) await this.#next();
    return this.#revision;
  }

  /** The error it ends with, undefined for a quiet end. */
  async ended(): Promise<unknown> {
    return failureOf(this.#batches.next());
  }

  async #next(): Promise<void> {
    const result = await this.#batches.next();
    if (result.done) throw new Error('the watch ended');
    const { events, revision } = result.value;
    expect(revision, 'revisions of batches only grow').to.be.at.least(this.#revision);
    for (const event of events) expect(eventRevision(event)).to.be.greaterThan(this.#revision).and.at.most(revision);
    this.#revision = revision;
    this.#rest.push(...events);
  }
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

function eventRevision(event: StorageEvent): number {
  return event.type === 'put' ? event.current.modRevision : event.revision;
}

function eventKey(event: StorageEvent): string {
  return event.type === 'put' ? event.current.key : event.key;
}

function describeEvent(event: StorageEvent): string {
  const was = event.previous ? ` was ${text(event.previous.value)} @${event.previous.modRevision}` : '';
  return event.type === 'put'
    ? `put ${event.current.key}=${text(event.current.value)} @${event.current.modRevision}${was}`
    : `delete ${event.key} @${event.revision}${was}`;
}
