import { statfs } from 'node:fs/promises';

/** A disk of the machine, in bytes and inodes. */
export interface MachineDisk {
  readonly capacity: number;
  readonly available: number;
  /** Both 0 where the file system has no fixed number of them. */
  readonly inodes: number;
  readonly inodesFree: number;
}

/**
 * Machines share the disk of this host and each is promised `sizeBytes` of it (0: all of it). So a machine's disk fills up
 * when the host has less left than that, and not because a large host disk is used for other things already.
 */
export async function machineDisk(path: string, sizeBytes: number): Promise<MachineDisk> {
  const { blocks, bavail, bsize, files, ffree } = await statfs(path);
  const capacity = sizeBytes > 0 ? Math.min(sizeBytes, blocks * bsize) : blocks * bsize;
  return { capacity, available: Math.min(bavail * bsize, capacity), inodes: files, inodesFree: ffree };
}
