import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeFolder } from './make-folder.ts';

describe('folders that a user named', () => {
  let scratch: string;
  beforeEach(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'folders-'));
    await writeFile(join(scratch, 'file'), '');
  });
  afterEach(() => rm(scratch, { recursive: true }));

  it('are made with those above them, and may be there already', async () => {
    const path = join(scratch, 'a/b/c');
    await makeFolder(path, 0o700);
    await makeFolder(path, 0o700);
    expect((await stat(path)).mode & 0o777).to.equal(0o700);
  });

  const refused: readonly (readonly [path: string, reason: RegExp])[] = [
    ['/proc/x', /^cannot make the folder \/proc\/x: nothing can be made there$/],
    ['/proc/x/y/z', /^cannot make the folder \/proc\/x\/y\/z: nothing can be made there$/],
    ['file', /: it is a file, not a folder$/],
    ['file/below', /: a part of the path is a file, not a folder$/],
    ['n'.repeat(300), /: the name is too long$/],
  ];
  for (const [path, reason] of refused) {
    it(`${path.slice(0, 20)} is refused with the reason`, async () => {
      const failure = await makeFolder(path.startsWith('/') ? path : join(scratch, path)).catch(
        (error: Error) => error,
      );
      expect(failure).to.be.instanceOf(Error);
      expect((failure as Error).message).to.match(reason);
    });
  }
});
