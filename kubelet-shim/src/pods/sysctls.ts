import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { WaitingReason } from './container-statuses.ts';

/** Kernel settings that a pod may change for itself without harm to others (upstream's safe list). */
const safe = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_notsent_lowat',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_slow_start_after_idle',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
]);

/** Settings outside the list, and those of a namespace that the pod shares with the node, are refused. */
export function checkSysctls(pod: Pod): WaitingReason | undefined {
  const { securityContext, hostNetwork, hostIPC } = pod.spec ?? {};
  for (const { name } of securityContext?.sysctls ?? []) {
    const dotted = name.replaceAll('/', '.');
    const problem = !safe.has(dotted)
      ? 'not allowlisted'
      : dotted.startsWith('net.') && hostNetwork
        ? 'not allowed with host net enabled'
        : dotted.startsWith('kernel.') && hostIPC
          ? 'not allowed with host ipc enabled'
          : undefined;
    if (problem) return { reason: 'SysctlForbidden', message: `forbidden sysctl: "${name}" ${problem}` };
  }
  return undefined;
}
