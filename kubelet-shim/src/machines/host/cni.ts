import { access, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NetworkPlan } from '../../network/index.ts';
import type { MachineRecord } from '../machine.ts';

/** Understood by containerd 1.6 and by the plug-ins of every distribution since. */
const cniVersion = '0.4.0';
const folders = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni'];
const programs = ['ptp', 'host-local', 'portmap', 'loopback'];

/** The folder of the CNI reference plug-ins. Throws Error where none has what machines need. */
export async function findCniPrograms(): Promise<string> {
  for (const folder of folders) {
    const found = await Promise.allSettled(programs.map((program) => access(join(folder, program))));
    if (found.every(({ status }) => status === 'fulfilled')) return folder;
  }
  throw new Error(
    `the CNI plug-ins ${programs.join(', ')} are in none of ${folders.join(', ')}: install containernetworking-plugins`,
  );
}

/**
 * The pod network of a node: each pod has a link of its own and is routed to, as on EKS. Traffic between pods of a node so
 * passes the node's IP layer, where Services are, without the bridge filter that many kernels lack.
 */
export function podNetwork(record: MachineRecord, ipamDirectory: string): object {
  const subnet = record.pool.kind === 'ec2' ? record.pool.podCidr : '';
  const ipam = { type: 'host-local', dataDir: ipamDirectory, ranges: [[{ subnet }]], routes: [{ dst: '0.0.0.0/0' }] };
  return {
    cniVersion,
    name: 'pods',
    plugins: [
      { type: 'ptp', ipMasq: false, ipam },
      { type: 'portmap', capabilities: { portMappings: true }, snat: true },
    ],
  };
}

/** The network of the Fargate pool: a pod gets the address of its machine, which `assignAddress` wrote down before. */
export function fargateNetwork(): object {
  return { cniVersion, name: 'fargate', plugins: [{ type: 'ptp', ipMasq: false, ipam: { type: assignedAddress } }] };
}

const assignedAddress = 'coracle-assigned';

/** Makes a folder of CNI plug-ins: the host's, and one that hands out the addresses written in `addresses`, a file a pod UID. */
export async function makeFargatePrograms(folder: string, host: string, addresses: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await mkdir(addresses, { recursive: true });
  for (const program of programs) {
    await rm(join(folder, program), { force: true });
    await symlink(join(host, program), join(folder, program));
  }
  await writeFile(join(folder, assignedAddress), addressScript(addresses), { mode: 0o755 });
}

/** A CNI address plug-in in the shell: what ADD answers lies ready in a file. */
function addressScript(addresses: string): string {
  return `#!/bin/sh
[ "$CNI_COMMAND" = ADD ] || exit 0
uid=\${CNI_ARGS##*K8S_POD_UID=}
exec cat "${addresses}/\${uid%%;*}"
`;
}

/** Writes down the address that the pod of this UID will get; the plug-in wants the gateway to be in its network. */
export async function assignAddress(addresses: string, uid: string, address: string, plan: NetworkPlan): Promise<void> {
  const ips = [{ version: '4', address: `${address}/${plan.vpc.prefix}`, gateway: plan.gateway }];
  await writeFile(join(addresses, uid), JSON.stringify({ cniVersion, ips, routes: [{ dst: '0.0.0.0/0' }] }));
}
