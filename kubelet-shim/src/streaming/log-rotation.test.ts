import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { rotate } from './log-rotation.ts';

describe('log rotation', () => {
  it('renames a log that is too large and keeps five files', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'coracle-rotate-'));
    const times = [0, 1, 2, 3, 4, 5].map((second) => Date.UTC(2026, 0, 1, 0, 0, second));
    const renamed: boolean[] = [];
    for (const [index, now] of times.entries()) {
      await writeFile(join(folder, '0.log'), 'x'.repeat(index === 2 ? 10 : 11));
      renamed.push(await rotate(folder, '0.log', now, 10));
    }
    await writeFile(join(folder, '0.log'), '');
    expect(renamed).to.deep.equal([true, true, false, true, true, true]);
    expect((await readdir(folder)).sort()).to.deep.equal([
      '0.log',
      '0.log.20260101-000001',
      '0.log.20260101-000003',
      '0.log.20260101-000004',
      '0.log.20260101-000005',
    ]);
    await rm(folder, { recursive: true });
  });
});
