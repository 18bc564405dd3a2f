import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { parseCgroupMounts } from './cgroups.ts';
import { sandboxImageArchive, sandboxImageName } from './sandbox-image.ts';
import { tarArchive } from './tar.ts';

describe('control groups of the host', () => {
  it('are one tree a controller on v1, also where v2 is mounted beside', () => {
    const mounts = [
      'tmpfs /sys/fs/cgroup tmpfs rw 0 0',
      'cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,nosuid,cpu,cpuacct 0 0',
      'cgroup /sys/fs/cgroup/systemd cgroup rw,xattr,name=systemd 0 0',
      'cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0',
    ].join('\n');
    expect(parseCgroupMounts(mounts)).to.deep.equal({
      version: 'v1',
      trees: [
        { path: '/sys/fs/cgroup/cpu,cpuacct', controllers: ['cpu', 'cpuacct'] },
        { path: '/sys/fs/cgroup/systemd', controllers: [] },
        { path: '/sys/fs/cgroup/unified', controllers: [] },
      ],
    });
  });

  it('are one tree on v2', () => {
    expect(parseCgroupMounts('cgroup2 /sys/fs/cgroup cgroup2 rw,nsdelegate 0 0')).to.deep.equal({
      version: 'v2',
      trees: [{ path: '/sys/fs/cgroup', controllers: [] }],
    });
  });
});

describe('the sandbox image', () => {
  it('is an archive that tar reads, whose blobs have the digests they are named by', () => {
    const archive = sandboxImageArchive('x64');
    const list = execFileSync('tar', ['-tf', '-'], { input: archive, encoding: 'utf8' }).trim().split('\n');
    expect(list).to.have.length(5).and.include.members(['oci-layout', 'index.json']);
    const index = execFileSync('tar', ['-xOf', '-', 'index.json'], { input: archive, encoding: 'utf8' });
    expect(index).to.contain(sandboxImageName);
    for (const name of list.filter((entry) => entry.startsWith('blobs/'))) {
      const sum = execFileSync('sh', ['-c', `tar -xOf - ${name} | sha256sum`], { input: archive, encoding: 'utf8' });
      expect(`blobs/sha256/${sum.slice(0, 64)}`).to.equal(name);
    }
  });

  it('keeps modes', () => {
    const archive = tarArchive([{ name: 'a', mode: 0o755, content: Buffer.from('x') }]);
    const list = execFileSync('tar', ['-tvf', '-'], { input: archive, encoding: 'utf8' });
    expect(list).to.match(/^-rwxr-xr-x 0\/0\s+1 /);
  });
});
