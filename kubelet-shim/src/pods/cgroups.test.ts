import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { podOf } from '../testing/index.ts';
import { createPodCgroups, podsMemoryLimit } from './cgroups.ts';

/** Over a plain folder: what is written where; the kernel's part is seen on real machines. */
describe('cgroups of pods', () => {
  let mount = '';
  beforeEach(() => {
    mount = mkdtempSync(join(tmpdir(), 'coracle-cgroups-'));
  });
  afterEach(() => rmSync(mount, { recursive: true }));

  const limits = { cpu: '500m', memory: '64Mi' };
  const pod = podOf({ containers: [{ name: 'c', resources: { limits, requests: { cpu: '250m' } } }] });
  const read = (path: string) => readFileSync(join(mount, path), 'utf8');

  it('v1: a folder a controller, below the class of the pod', async () => {
    const cgroups = createPodCgroups({ parent: '/machine', version: 'v1', mount });
    const path = await cgroups.ensure(pod);
    expect(path).to.equal('/machine/kubepods/burstable/podu-1');
    expect(read(`cpu${path}/cpu.shares`)).to.equal('256');
    expect(read(`cpu${path}/cpu.cfs_quota_us`)).to.equal('50000');
    expect(read(`memory${path}/memory.limit_in_bytes`)).to.equal(String(64 * 1024 * 1024));
  });

  it('v2: one folder, with weights instead of shares', async () => {
    mkdirSync(join(mount, 'machine'));
    const path = await createPodCgroups({ parent: '/machine', version: 'v2', mount }).ensure(pod);
    expect(read(`${path}/cpu.weight`)).to.equal('10');
    expect(read(`${path}/cpu.max`)).to.equal('50000 100000');
    expect(read(`${path}/memory.max`)).to.equal(String(64 * 1024 * 1024));
  });

  for (const [version, file] of [
    ['v1', 'memory/machine/kubepods/memory.limit_in_bytes'],
    ['v2', 'machine/kubepods/memory.max'],
  ] as const) {
    it(`${version}: all pods together stay below what the system keeps`, async () => {
      const memoryLimitBytes = podsMemoryLimit({ capacity: { memory: '2Gi' }, allocatable: { memory: '1Gi' } });
      await createPodCgroups({ parent: '/machine', version, mount, memoryLimitBytes }).ensure(pod);
      expect(read(file)).to.equal(String((1024 + 100) * 2 ** 20));
    });
  }

  it('leave pods that are still there when others are swept away', async () => {
    for (const uid of ['u-1', 'u-2']) {
      for (const controller of ['cpu', 'memory'])
        mkdirSync(join(mount, `${controller}/m/kubepods/besteffort/pod${uid}/c`), { recursive: true });
    }
    await createPodCgroups({ parent: '/m', version: 'v1', mount }).sweep(new Set(['u-2']));
    expect(readdirSync(join(mount, 'cpu/m/kubepods/besteffort'))).to.deep.equal(['podu-2']);
    expect(readdirSync(join(mount, 'memory/m/kubepods/besteffort'))).to.deep.equal(['podu-2']);
  });
});
