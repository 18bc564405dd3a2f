import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { missingRequirements } from './requirements.ts';

describe('programs that real nodes need', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coracle-requirements-'));
  });
  afterEach(async () => rm(folder, { recursive: true }));

  it('does not take iproute2 for the CNI plugins, though both have a program named bridge', async () => {
    for (const program of ['ip', 'bridge']) {
      await writeFile(join(folder, program), '');
      await chmod(join(folder, program), 0o755);
    }
    const missing = await missingRequirements([folder]);
    expect(missing.map((requirement) => requirement.package)).to.deep.equal([
      'containerd',
      'runc',
      'containernetworking-plugins',
      'nftables',
      'conntrack',
    ]);
  });
});
