import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VolumeMount } from '@coracle/apimachinery/types/core-v1';
import { expect } from 'chai';
import { podOf } from '../testing/index.ts';
import { containerMounts } from './container-mounts.ts';

describe('containerMounts', () => {
  let root = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'coracle-mounts-'));
    await mkdir(join(root, 'vol'));
    await mkdir(join(root, 'outside'));
  });
  afterEach(() => rm(root, { recursive: true }));

  const mountOf = async (mount: Partial<VolumeMount>, readOnly = false) => {
    const spec = { name: 'c', volumeMounts: [{ name: 'v', mountPath: '/m', ...mount }] };
    const ready = (name: string) => (name === 'v' ? { path: join(root, 'vol'), readOnly } : undefined);
    const [made] = await containerMounts(
      podOf({ volumes: [{ name: 'v', emptyDir: {} }] }),
      spec,
      new Map([['POD', 'p-0']]),
      ready,
    );
    return made;
  };
  const problem = (mount: Partial<VolumeMount>) => mountOf(mount).then(String, (error: Error) => error.message);

  it('mounts the whole volume, read-only where either side says so', async () => {
    expect(await mountOf({})).to.include({ hostPath: join(root, 'vol'), containerPath: '/m', readonly: false });
    expect(await mountOf({ readOnly: true })).to.include({ readonly: true });
    expect(await mountOf({}, true)).to.include({ readonly: true });
  });

  it('makes and mounts a folder inside it', async () => {
    expect(await mountOf({ subPath: 'a/b' })).to.include({ hostPath: join(root, 'vol/a/b') });
    expect(await readdir(join(root, 'vol/a'))).to.deep.equal(['b']);
  });

  it('expands the name of that folder', async () => {
    expect(await mountOf({ subPathExpr: '$(POD)/x' })).to.include({ hostPath: join(root, 'vol/p-0/x') });
    expect(await problem({ subPathExpr: '$(NO)' })).to.equal('missing value for "NO"');
  });

  it('does not follow a link out of the volume, nor make folders there', async () => {
    await symlink(join(root, 'outside'), join(root, 'vol/link'));
    const message = 'failed to prepare subPath for volumeMount "v" of container "c"';
    expect(await problem({ subPath: 'link' })).to.equal(message);
    expect(await problem({ subPath: 'link/new' })).to.equal(message);
    expect(await readdir(join(root, 'outside'))).to.deep.equal([]);
  });

  for (const subPath of ['/etc', '../outside', 'a/../../outside']) {
    it(`refuses ${subPath}`, async () => expect(await problem({ subPath })).to.contain(subPath));
  }

  it('names a volume that is not there', async () => {
    expect(await problem({ name: 'w' })).to.equal('cannot find volume "w" to mount into container "c"');
  });
});
