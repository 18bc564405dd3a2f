import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MachineRecord } from './machine.ts';

/** Every machine of the cluster, in memory and in a folder: one JSON file a machine. */
export interface MachineStore {
  list(): readonly MachineRecord[];
  get(name: string): MachineRecord | undefined;
  /** Makes it known at once, so that the next machine takes another address, slot and range. */
  reserve(record: MachineRecord): void;
  /** Resolves once it would survive a crash of this process. */
  add(record: MachineRecord): Promise<void>;
  remove(name: string): Promise<void>;
}

export async function openMachineStore(directory: string): Promise<MachineStore> {
  await mkdir(directory, { recursive: true });
  const records = new Map((await readMachineRecords(directory)).map((record) => [record.name, record]));
  const fileOf = (name: string): string => join(directory, `${name}.json`);
  return {
    list: () => [...records.values()],
    get: (name) => records.get(name),
    reserve(record) {
      records.set(record.name, record);
    },
    async add(record) {
      records.set(record.name, record);
      await writeFile(`${fileOf(record.name)}.new`, JSON.stringify(record, undefined, 2));
      await rename(`${fileOf(record.name)}.new`, fileOf(record.name));
    },
    async remove(name) {
      records.delete(name);
      await rm(fileOf(name), { force: true });
    },
  };
}

export async function readMachineRecords(directory: string): Promise<readonly MachineRecord[]> {
  const files = (await readdir(directory).catch(() => [])).filter((file) => file.endsWith('.json'));
  return Promise.all(
    files.map(async (file) => JSON.parse(await readFile(join(directory, file), 'utf8')) as MachineRecord),
  );
}
