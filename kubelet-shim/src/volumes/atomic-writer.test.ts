import { mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testEnvironment } from '@coracle/client/testing';
import { expect } from 'chai';
import { type PayloadFile, writeAtomically } from './atomic-writer.ts';

describe('writeAtomically', () => {
  const environment = testEnvironment();
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coracle-volume-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const write = async (files: Record<string, string>, mode = 0o644) => {
    await environment.clock.advance(1000);
    const payload = Object.entries(files).map(([path, text]): [string, PayloadFile] => [
      path,
      { data: Buffer.from(text), mode },
    ]);
    await writeAtomically(environment, folder, new Map(payload), {});
  };
  const read = (path: string) => readFile(join(folder, path), 'utf8');
  const visible = async () => (await readdir(folder)).filter((name) => !name.startsWith('..')).sort();

  it('writes files, folders and modes', async () => {
    await write({ a: '1', 'deep/er/b': '2' }, 0o400);
    expect(await read('a')).to.equal('1');
    expect(await read('deep/er/b')).to.equal('2');
    expect(await visible()).to.deep.equal(['a', 'deep']);
    expect((await stat(join(folder, 'a'))).mode & 0o777).to.equal(0o400);
  });

  it('turns to the new content in one step and leaves nothing of the old', async () => {
    await write({ a: '1', gone: 'x' });
    const before = await readlink(join(folder, '..data'));
    await write({ a: '2', more: 'y' });
    expect(await readlink(join(folder, '..data'))).to.not.equal(before);
    expect(await read('a')).to.equal('2');
    expect(await visible()).to.deep.equal(['a', 'more']);
    expect(await readdir(folder)).to.have.length(4); // the two names, ..data and its target
    expect(await readlink(join(folder, 'a'))).to.equal('..data/a');
  });
});
