/** `node crash-writer.ts DIRECTORY PREFIX`: writes as fast as it can, and says of each write when it was acknowledged. */
import { writeSync } from 'node:fs';
import { systemClock, systemRandom } from '@coracle/apimachinery/clock';
import { silentLogger } from '@coracle/apimachinery/component';
import { openEmbeddedStorage } from '../index.ts';

const [directory = '', prefix = ''] = process.argv.slice(2);
const writers = 16;
const environment = { clock: systemClock, random: systemRandom, log: silentLogger };
const storage = await openEmbeddedStorage({ directory, environment });
const value = new Uint8Array(2000).fill(65);

async function write(writer: number): Promise<void> {
  for (let count = 0; ; count++) {
    const key = `/${prefix}/${writer}/${count}`;
    const result = await storage.commit({ key, value, expected: 0 });
    // Not through a stream: what is still in one when the process dies was never said.
    if (result.ok) writeSync(1, `${result.revision} ${key}\n`);
  }
}

await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
