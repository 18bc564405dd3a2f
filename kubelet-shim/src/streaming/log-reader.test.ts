import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type LogOptions, readContainerLog } from './log-reader.ts';

const log = [
  '2026-01-01T00:00:01.5Z stdout F one',
  '2026-01-01T00:00:02Z stderr F two',
  '2026-01-01T00:00:03Z stdout P thr',
  '2026-01-01T00:00:03Z stdout F ee',
  '2026-01-01T00:00:04Z stdout F ',
  '',
].join('\n');

const everything: LogOptions = { follow: false, timestamps: false, stream: 'All' };
const ended = { isRunning: () => false, onChange: () => () => {} };
const never = new AbortController().signal;

describe('readContainerLog', () => {
  let path = '';
  beforeEach(async () => {
    path = join(await mkdtemp(join(tmpdir(), 'coracle-log-')), '0.log');
    await writeFile(path, log);
  });
  afterEach(() => rm(join(path, '..'), { recursive: true }));

  const read = async (options: Partial<LogOptions>, writer = ended) => {
    let text = '';
    for await (const chunk of readContainerLog(path, { ...everything, ...options }, writer, never))
      text += chunk.toString();
    return text;
  };

  const cases: readonly (readonly [string, Partial<LogOptions>, string])[] = [
    ['everything, with partial lines joined', {}, 'one\ntwo\nthree\n\n'],
    ['one stream', { stream: 'Stderr' }, 'two\n'],
    ['the last lines', { tailLines: 2 }, 'ee\n\n'],
    ['none', { tailLines: 0 }, ''],
    ['more lines than there are', { tailLines: 100 }, 'one\ntwo\nthree\n\n'],
    ['lines since a time', { since: Date.UTC(2026, 0, 1, 0, 0, 3) }, 'three\n\n'],
    ['the first bytes', { limitBytes: 5 }, 'one\nt'],
    ['times before lines', { timestamps: true, tailLines: 1 }, '2026-01-01T00:00:04Z \n'],
  ];
  for (const [name, options, text] of cases) {
    it(name, async () => expect(await read(options)).to.equal(text));
  }

  it('follows until the container has ended and everything is read', async () => {
    let running = true;
    let tell = () => {};
    const writer = {
      isRunning: () => running,
      onChange: (callback: () => void) => {
        tell = callback;
        return () => {};
      },
    };
    const seen: string[] = [];
    for await (const chunk of readContainerLog(path, { ...everything, follow: true, tailLines: 1 }, writer, never)) {
      seen.push(chunk.toString());
      if (seen.length === 1) await appendFile(path, '2026-01-01T00:00:05Z stdout F more\n');
      if (seen.length === 2) {
        await appendFile(path, '2026-01-01T00:00:06Z stdout F last\n');
        running = false;
        tell();
      }
    }
    expect(seen).to.deep.equal(['\n', 'more\n', 'last\n']);
  });

  it('goes on with the new file when the log is rotated', async () => {
    const seen: string[] = [];
    let running = true;
    let tell = () => {};
    const writer = {
      isRunning: () => running,
      onChange: (callback: () => void) => {
        tell = callback;
        return () => {};
      },
    };
    for await (const chunk of readContainerLog(path, { ...everything, follow: true, tailLines: 1 }, writer, never)) {
      seen.push(chunk.toString());
      if (seen.length > 1) continue;
      await appendFile(path, '2026-01-01T00:00:05Z stdout F before\n');
      await rename(path, `${path}.20260101-000005`);
      await writeFile(path, '2026-01-01T00:00:06Z stdout F after\n');
      running = false;
      tell();
    }
    expect(seen).to.deep.equal(['\n', 'before\n', 'after\n']);
  });
});
