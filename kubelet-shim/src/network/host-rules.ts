import { formatRange } from './ipv4.ts';
import type { NetworkPlan } from './plan.ts';

/** Where the nodes' kubelet API is seen: port 10250 of every node. */
export const kubeletPort = 10250;

/**
 * The host's part of the network as an nft script: traffic of machines and pods to the world leaves with the host's own
 * address, port 10250 of each node leads to its agent in this process, and `loopbackPorts` of this host can be reached at the
 * gateway. Replaces what was there.
 */
export function hostRules(plan: NetworkPlan, loopbackPorts: readonly number[]): string {
  const inside = `{ ${formatRange(plan.vpc)}, ${formatRange(plan.pods)} }`;
  const table = `ip ${plan.device}`;
  const agents = `dnat ip addr . port to ip daddr . tcp dport map @agents`;
  const lines = [
    `add table ${table}`,
    `delete table ${table}`,
    `add table ${table}`,
    `add map ${table} agents { type ipv4_addr . inet_service : ipv4_addr . inet_service; }`,
    `add chain ${table} prerouting { type nat hook prerouting priority dstnat; }`,
    `add chain ${table} output { type nat hook output priority -100; }`,
    `add chain ${table} postrouting { type nat hook postrouting priority srcnat; }`,
    `add rule ${table} prerouting ${agents}`,
    `add rule ${table} output ${agents}`,
    `add rule ${table} postrouting ip saddr ${inside} ip daddr != ${inside} masquerade`,
  ];
  if (loopbackPorts.length > 0) {
    lines.push(
      // Routing to loopback is opened for this alone: nobody else gets to it from another interface.
      `add chain ${table} guard { type filter hook prerouting priority raw; }`,
      `add rule ${table} guard iifname != "lo" ip daddr 127.0.0.0/8 drop`,
    );
  }
  for (const port of loopbackPorts) {
    const lead = `ip daddr ${plan.gateway} tcp dport ${port} dnat to 127.0.0.1:${port}`;
    // Programs of this host that share the machines' settings come through output.
    lines.push(`add rule ${table} prerouting ${lead}`, `add rule ${table} output ${lead}`);
  }
  return `${lines.join('\n')}\n`;
}

/** The change to `hostRules` that leads a node's port 10250 to its agent, or ends that. */
export function agentRule(
  plan: NetworkPlan,
  change: 'add' | 'delete',
  node: string,
  agent: { readonly host: string; readonly port: number },
): string {
  return `${change} element ip ${plan.device} agents { ${node} . ${kubeletPort} : ${agent.host} . ${agent.port} }\n`;
}

/** The table of the host's own Service rules. */
export function hostServicesTable({ device }: Pick<NetworkPlan, 'device'>): string {
  return `${device}_services`;
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host.startsWith('127.');
}
