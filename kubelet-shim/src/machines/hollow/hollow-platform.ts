import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '@coracle/apimachinery/component';
import { formatAddress, parseRange } from '../../network/index.ts';
import { normalizeImageName } from '../../images/image-name.ts';
import { createHollowRuntime, type HollowNetwork, type HollowRuntimeOptions } from '../../runtime/index.ts';
import type { MachinePlatform, MachineRecord } from '../machine.ts';

/** Whoever deletes a pod with grace sees it being deleted, as with upstream's kubelet: there it stays about a second. */
const stopMs = 500;

const never = new Promise<void>(() => {});

export interface HollowOptions {
  /** Images that nodes find in a registry; every image where absent. */
  readonly images?: readonly string[];
  /** Where their pods answer; absent: nowhere. */
  readonly network?: HollowNetwork;
}

/** Machines that only pretend: the agents are real, the containers are not. Needs no root and no network. */
export function createHollowPlatform(
  environment: Environment,
  directory: string,
  { images, network }: HollowOptions = {},
): MachinePlatform {
  const found = images && new Set(images.map(normalizeImageName));
  const shared: HollowRuntimeOptions = {
    stopMs,
    ...(network && { network }),
    ...(found && { isMissing: (image) => !found.has(normalizeImageName(image)) }),
  };
  const folderOf = (record: MachineRecord): string => join(directory, record.name);
  const remove = (record: MachineRecord): Promise<void> => rm(folderOf(record), { recursive: true, force: true });
  return {
    async start(record) {
      const folder = folderOf(record);
      const folders = { rootDirectory: join(folder, 'kubelet'), logsDirectory: join(folder, 'pods') };
      for (const path of Object.values(folders)) await mkdir(path, { recursive: true });
      const runtime = createHollowRuntime(environment, { ...shared, allocateIp: podAddresses(record) });
      return {
        record,
        runtime,
        ...folders,
        cgroupParent: '/',
        cgroup: 'v2',
        bootId: `${record.id}-${environment.clock.now()}`,
        ended: never,
        stop: () => runtime.close(),
        async terminate() {
          await runtime.close();
          await remove(record);
        },
      };
    },
    remove,
    importImage: async () => [],
    close: async () => {},
  };
}

/** Addresses of the node's range, one after the other, and round again; a Fargate machine has only its own. */
function podAddresses(record: MachineRecord): () => string {
  if (record.pool.kind === 'fargate') return () => record.address;
  const { base } = parseRange(record.pool.podCidr);
  let offset = 1;
  return () => {
    offset = offset >= 254 ? 2 : offset + 1;
    return formatAddress(base + offset);
  };
}
