import type { MachineRecord } from '../machine.ts';
import type { MachineStore } from '../machine-store.ts';

/** Records that no disk keeps. */
export function memoryStore(): MachineStore {
  const records = new Map<string, MachineRecord>();
  const put = (record: MachineRecord): void => {
    records.set(record.name, record);
  };
  return {
    list: () => [...records.values()],
    get: (name) => records.get(name),
    reserve: put,
    add: async (record) => put(record),
    remove: async (name) => {
      records.delete(name);
    },
  };
}
