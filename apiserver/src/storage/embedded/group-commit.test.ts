import { expect } from 'chai';
import { type CommitResult, type KeyValue, UnavailableError } from '../storage.ts';
import { GroupCommit } from './group-commit.ts';
import type { PackedWrites } from './protocol.ts';

/** A database that answers when told to. */
class FakeDatabase {
  revision = 0;
  readonly keys = new Map<string, KeyValue>();
  readonly appended: PackedWrites[] = [];
  #settle: { resolve(): void; reject(error: Error): void } | undefined;

  readonly writes = new GroupCommit({
    current: (key) => this.keys.get(key),
    revision: () => this.revision,
    append: (writes) => {
      this.appended.push(writes);
      return new Promise((resolve, reject) => {
        this.#settle = { resolve, reject };
      });
    },
    publish: (writes) => {
      for (const { key, value, revision, createRevision } of writes) {
        this.revision = revision;
        if (value === undefined) this.keys.delete(key);
        else this.keys.set(key, { key, value, createRevision, modRevision: revision });
      }
    },
  });

  async finish(error?: Error): Promise<void> {
    await turn();
    if (error === undefined) this.#settle?.resolve();
    else this.#settle?.reject(error);
    await turn();
  }

  put(key: string, expected = 0): Promise<CommitResult | Error> {
    return this.writes.commit({ key, value: new Uint8Array([1]), expected }, 0).catch((error: Error) => error);
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('group commit', () => {
  it('gathers what arrives while a batch is under way', async () => {
    const database = new FakeDatabase();
    const first = database.put('a');
    await turn();
    const rest = [database.put('b'), database.put('c')];
    await database.finish();
    await database.finish();
    expect(await Promise.all([first, ...rest])).to.deep.equal([1, 2, 3].map((revision) => ({ ok: true, revision })));
    expect(database.appended.map(({ keys }) => keys)).to.deep.equal([['a'], ['b', 'c']]);
  });

  it('lets a write build on one that is not durable yet', async () => {
    const database = new FakeDatabase();
    const first = database.put('a');
    const second = database.put('a', 1);
    await database.finish();
    expect(await first).to.deep.equal({ ok: true, revision: 1 });
    expect(await second).to.deep.equal({ ok: true, revision: 2 });
    expect(database.keys.get('a')).to.include({ createRevision: 1, modRevision: 2 });
  });

  it('refuses because of a write under way only when that is durable', async () => {
    const database = new FakeDatabase();
    const winner = database.put('a');
    let answered = false;
    const loser = database.put('a').then((result) => {
      answered = true;
      return result;
    });
    await turn();
    expect(answered).to.equal(false);
    await database.finish();
    await winner;
    expect(await loser).to.deep.include({ ok: false, revision: 1 });
  });

  it('fails a batch with all that built on it, and goes on with the same revisions', async () => {
    const database = new FakeDatabase();
    const first = database.put('a');
    await turn();
    const second = database.put('a', 1);
    await database.finish(new Error('database or disk is full'));
    for (const failed of [await first, await second]) {
      expect(failed).to.be.instanceOf(UnavailableError);
      expect((failed as Error).message).to.match(/disk is full/);
    }
    const third = database.put('a');
    await database.finish();
    expect(await third).to.deep.equal({ ok: true, revision: 1 });
  });

  it('takes nothing more once it does not know what was written', async () => {
    const database = new FakeDatabase();
    const first = database.put('a');
    await database.finish(new UnavailableError('the storage thread has ended'));
    expect(await first).to.be.instanceOf(UnavailableError);
    expect(await database.put('b')).to.be.instanceOf(UnavailableError);
    expect(database.appended).to.have.length(1);
  });
});
