import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemRandom } from '@coracle/apimachinery/clock';
import { silentLogger } from '@coracle/apimachinery/component';
import { createSeededRandom } from '@coracle/client/testing';
import { expect } from 'chai';
import { openEmbeddedStorage } from './index.ts';

const rounds = Number(process.env['CRASH_ROUNDS'] ?? 10);
const program = join(import.meta.dirname, 'testing', 'crash-writer.ts');

/** Lets a writer work on the directory until about `acknowledged` writes are through, and kills it in the middle of the next. */
async function crash(directory: string, prefix: string, acknowledged: number): Promise<Map<string, number>> {
  const child = spawn(process.execPath, [program, directory, prefix], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  let lines = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    lines += chunk.filter((byte) => byte === 10).length;
    if (lines >= acknowledged) child.kill('SIGKILL');
  });
  await once(child, 'close');
  const complete = text.slice(0, text.lastIndexOf('\n')).split('\n');
  return new Map(complete.map((line) => [line.slice(line.indexOf(' ') + 1), Number.parseInt(line, 10)]));
}

describe(`storage: embedded, killed ${rounds} times`, () => {
  it('has every write it acknowledged, and gives no revision twice', async function () {
    this.timeout(10_000 + rounds * 2000);
    const directory = await mkdtemp(join(tmpdir(), 'coracle-crash-'));
    const random = createSeededRandom(7);
    const environment = { clock: systemClock, random: systemRandom, log: silentLogger };
    const all = new Map<string, number>();
    try {
      for (let round = 0; round < rounds; round++) {
        const before = Math.max(0, ...all.values());
        const acknowledged = await crash(directory, String(round), 1 + Math.floor(random.next() * 400));
        for (const [key, revision] of acknowledged) {
          expect(revision, `revision of ${key}`).to.be.greaterThan(before);
          all.set(key, revision);
        }
        const storage = await openEmbeddedStorage({ directory, environment });
        const { items } = await storage.range({ start: '/', end: '0' });
        const stored = new Map(items.map((item) => [item.key, item.modRevision]));
        for (const [key, revision] of all) expect(stored.get(key), `${key} after round ${round}`).to.equal(revision);
        expect(new Set(stored.values()).size).to.equal(stored.size);
        await storage.close();
      }
      expect(all.size).to.be.at.least(rounds);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
