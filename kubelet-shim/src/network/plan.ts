import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../machines/host/command.ts';
import { formatAddress, type Ipv4Range, parseRange, rangesOverlap, subrange } from './ipv4.ts';

/** The addresses of a cluster, chosen once and kept in its data directory. */
export interface NetworkPlan {
  /** What the nodes' addresses are taken from, `10.0.0.0/16`. */
  readonly vpc: Ipv4Range;
  /** What the pods' addresses are taken from; every node gets a /24 of it. */
  readonly pods: Ipv4Range;
  /** The host's own address towards the machines (VPC + 1), at which pods and nodes reach the API server. */
  readonly gateway: string;
  /** The name server of machines (VPC + 2), behind the cluster's DNS address. */
  readonly nameServer: string;
  /** Addresses of Services of type LoadBalancer: the last /24 of the VPC. */
  readonly loadBalancers: Ipv4Range;
  /** Interface of the host that holds its addresses; links to machines are named after it. */
  readonly device: string;
}

/** Pod ranges that go with the VPCs 10.0, 10.1, …: 10.244 is where pods usually are, and a /14 has room for 1024 nodes. */
const podRange = (index: number): Ipv4Range => parseRange(`10.${244 - 4 * index}.0.0/14`);
const vpcRange = (index: number): Ipv4Range => parseRange(`10.${index}.0.0/16`);
const vpcsMax = 16;
const planFile = 'network.json';

export interface PlanOptions {
  readonly dataDirectory: string;
  /** Hollow nodes have no network: the first plan will do for all of them. */
  readonly runtime: 'containerd' | 'hollow';
}

/**
 * Chooses ranges that no route of this host leads to, so that several clusters and the host's own network live side by
 * side. A cluster keeps its choice in `<dataDirectory>/network.json`. Throws Error where no range is free.
 */
export async function planNetwork(options: PlanOptions): Promise<NetworkPlan> {
  if (options.runtime === 'hollow') return planAt(0);
  const kept = await readPlan(options.dataDirectory);
  if (kept !== undefined) return kept;
  const file = join(options.dataDirectory, planFile);
  await mkdir(options.dataDirectory, { recursive: true });
  const taken = [...(await routedRanges())];
  let index = freeIndex(taken);
  while (!(await claim(index, options.dataDirectory))) {
    taken.push(vpcRange(index));
    index = freeIndex(taken);
  }
  await writeFile(`${file}.new`, `${JSON.stringify({ index })}\n`);
  await rename(`${file}.new`, file);
  return planAt(index);
}

/** A plan belongs to the data directory written in its file here, running or not, as long as that one knows of it. */
const claimsDirectory = '/run/coracle/networks';

async function claim(index: number, owner: string): Promise<boolean> {
  await mkdir(claimsDirectory, { recursive: true });
  const file = join(claimsDirectory, String(index));
  try {
    await writeFile(file, owner, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const holder = await readFile(file, 'utf8');
  const held = holder === owner ? undefined : await readPlan(holder);
  if (held !== undefined && held.device === planAt(index).device) return false;
  await writeFile(file, owner);
  return true;
}

/** Gives the plan's ranges back to whoever comes next. */
export async function releasePlan(plan: NetworkPlan): Promise<void> {
  await rm(join(claimsDirectory, plan.device.replace(/\D/g, '')), { force: true });
}

/** The choice this cluster made before; undefined where it made none. */
export async function readPlan(dataDirectory: string): Promise<NetworkPlan | undefined> {
  const text = await readFile(join(dataDirectory, planFile), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : planAt((JSON.parse(text) as { index: number }).index);
}

/** The plan number `index`. Pure: the device is named after its VPC, which no two clusters of a host share. */
export function planAt(index: number): NetworkPlan {
  const vpc = vpcRange(index);
  return {
    vpc,
    pods: podRange(index),
    gateway: formatAddress(vpc.base + 1),
    nameServer: formatAddress(vpc.base + 2),
    loadBalancers: subrange(vpc, 24, 255),
    device: `coracle${index}`,
  };
}

/** The first plan none of whose ranges overlaps `taken`. */
export function freeIndex(taken: readonly Ipv4Range[]): number {
  for (let index = 0; index < vpcsMax; index++) {
    const own = [vpcRange(index), podRange(index)];
    if (!own.some((range) => taken.some((other) => rangesOverlap(range, other)))) return index;
  }
  throw new Error(`no free network for the nodes: routes of this host cover 10.0.0.0/16 to 10.${vpcsMax - 1}.0.0/16`);
}

async function routedRanges(): Promise<readonly Ipv4Range[]> {
  const routes = JSON.parse(await run(['ip', '-json', '-4', 'route', 'show', 'table', 'all'])) as { dst: string }[];
  return routes
    .map((route) => route.dst)
    .filter((destination) => /^\d+\.\d+\.\d+\.\d+(\/\d+)?$/.test(destination))
    .map((destination) => parseRange(destination.includes('/') ? destination : `${destination}/32`));
}
