import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVirtualClock } from '@coracle/client/testing';
import { expect } from 'chai';
import { createFileLogger } from './file-logger.ts';

describe('log file', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coracle-log-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('has a JSON object a line', async () => {
    const log = createFileLogger(join(folder, 'a.log'), createVirtualClock());
    log.with({ node: 'a' }).info('started', { pods: 2 });
    log.debug('is below the level');
    await log.close();
    const [line, rest] = (await readFile(join(folder, 'a.log'), 'utf8')).split('\n');
    expect(JSON.parse(line ?? '')).to.include({ level: 'info', message: 'started', node: 'a', pods: 2 });
    expect(rest).to.equal('');
  });

  it('that cannot be written loses its lines and nothing else', async () => {
    const log = createFileLogger('/dev/full', createVirtualClock());
    log.info('one');
    await log.close();
    log.info('two');
    await log.close();
  });
});
