import { writeFile } from 'node:fs/promises';
import { run, runQuietly } from '../machines/host/command.ts';
import { agentRule, hostRules, hostServicesTable } from './host-rules.ts';
import { formatRange, type Ipv4Range } from './ipv4.ts';
import type { NetworkPlan } from './plan.ts';

/**
 * What joins the machines: a link of its own from each to the host, which routes between them, their pods and the world.
 * No packet is bridged, so all of it passes the hooks that Services need, whatever the host's bridge settings are.
 */
export interface Fabric {
  /** Gives the machine its address and, where it has pods, the route to them; one that was `adopted` has them. */
  connect(machine: ConnectedMachine, adopted: boolean): Promise<void>;
  /** Leads port 10250 of the node to its agent in this process. */
  exposeAgent(node: string, agent: { readonly host: string; readonly port: number }): Promise<void>;
  hideAgent(node: string, agent: { readonly host: string; readonly port: number }): Promise<void>;
  /** Takes the host's own parts away; the machines' links go with the machines. */
  close(): Promise<void>;
}

export interface ConnectedMachine {
  /** Number of the machine, unique in the cluster: names its link. */
  readonly slot: number;
  /** Any process of its network namespace. */
  readonly pid: number;
  readonly address: string;
  readonly pods?: Ipv4Range | undefined;
}

/** Machines reach `loopbackPorts` of this host at the gateway. */
export async function openFabric(plan: NetworkPlan, loopbackPorts: readonly number[]): Promise<Fabric> {
  const { device, gateway, nameServer } = plan;
  if (!(await linkExists(device))) {
    // A bridge that nothing is attached to: unlike a dummy link, every kernel that runs containers has it.
    await batch([
      `link add ${device} type bridge`,
      `address add ${gateway}/32 dev ${device}`,
      `address add ${nameServer}/32 dev ${device}`,
      `link set ${device} up`,
    ]);
  }
  await writeFile('/proc/sys/net/ipv4/ip_forward', '1');
  await run(['nft', '-f', '-'], { input: hostRules(plan, loopbackPorts) });
  await letMachinesPass(plan);
  if (loopbackPorts.length > 0) await writeFile('/proc/sys/net/ipv4/conf/all/route_localnet', '1');
  const agents = (change: 'add' | 'delete', node: string, agent: { host: string; port: number }) =>
    run(['nft', '-f', '-'], { input: agentRule(plan, change, node, agent) });

  return {
    async connect(machine, adopted) {
      const link = `${device}-${machine.slot}`;
      if (adopted && (await linkExists(link))) return;
      // The kernel takes its time to drop the link of a machine that had this number before.
      await runQuietly(['ip', 'link', 'delete', link]);
      await batch(hostSide(machine, link, gateway));
      await run(['nsenter', '--target', String(machine.pid), '--net', 'sh', '-e'], {
        input: machineSide(machine, gateway),
      });
    },
    exposeAgent: async (node, agent) => {
      await agents('add', node, agent);
    },
    hideAgent: async (node, agent) => {
      await agents('delete', node, agent);
    },
    close: () => closeFabric(plan),
  };
}

/** Also for fabrics of a process that is gone. */
export async function closeFabric(plan: NetworkPlan): Promise<void> {
  const { device } = plan;
  for (const table of [device, hostServicesTable(plan)]) await runQuietly(['nft', 'delete', 'table', 'ip', table]);
  const rules = [...passRules(plan, 'INPUT'), ...passRules(plan, 'FORWARD')];
  for (const rule of rules) await runQuietly(['iptables', '-w', '-D', ...rule]);
  await runQuietly(['ip', 'link', 'delete', device]);
}

/** Docker and some firewalls drop whatever comes in or is forwarded unless a rule of the same chain lets it pass. */
async function letMachinesPass(plan: NetworkPlan): Promise<void> {
  for (const chain of ['INPUT', 'FORWARD'] as const) {
    const policy = await run(['iptables', '-w', '-S', chain]).catch(() => '');
    if (!policy.includes(`-P ${chain} DROP`)) continue;
    for (const rule of passRules(plan, chain)) {
      await run(['iptables', '-w', '-C', ...rule]).catch(() => run(['iptables', '-w', '-I', ...rule]));
    }
  }
}

function passRules({ vpc, pods }: NetworkPlan, chain: 'INPUT' | 'FORWARD'): readonly (readonly string[])[] {
  const sides = chain === 'INPUT' ? ['-s'] : ['-s', '-d'];
  return [vpc, pods].flatMap((range) => sides.map((side) => [chain, side, formatRange(range), '-j', 'ACCEPT']));
}

function hostSide(machine: ConnectedMachine, link: string, gateway: string): readonly string[] {
  return [
    `link add ${link} type veth peer name eth0 netns ${machine.pid}`,
    `link set ${link} up`,
    `route add ${machine.address}/32 dev ${link} src ${gateway}`,
    ...(machine.pods
      ? [`route add ${formatRange(machine.pods)} via ${machine.address} dev ${link} src ${gateway}`]
      : []),
  ];
}

/** The host's end of the link answers for the gateway's address, which it has on another interface. */
function machineSide(machine: ConnectedMachine, gateway: string): string {
  return `ip link set lo up
ip address add ${machine.address}/32 dev eth0
ip link set eth0 up
ip route add ${gateway}/32 dev eth0 scope link
ip route add default via ${gateway}
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet
`;
}

async function linkExists(name: string): Promise<boolean> {
  return run(['ip', 'link', 'show', name]).then(
    () => true,
    () => false,
  );
}

async function batch(lines: readonly string[]): Promise<void> {
  await run(['ip', '-batch', '-'], { input: `${lines.join('\n')}\n` });
}
