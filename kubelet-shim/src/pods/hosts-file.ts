import type { HostAlias } from '@coracle/apimachinery/types/core-v1';

const managedHeader = '# Kubernetes-managed hosts file.';
const hostHeader = '# Kubernetes-managed hosts file (host network).';

const ownNames = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'fe00::0\tip6-mcastprefix',
  'fe00::1\tip6-allnodes',
  'fe00::2\tip6-allrouters',
];

/** `/etc/hosts` of a pod with a network of its own. */
export function podHosts(
  podIPs: readonly string[],
  hostname: string,
  domain: string,
  aliases: readonly HostAlias[],
): string {
  const self = podIPs.map((ip) => (domain === '' ? `${ip}\t${hostname}` : `${ip}\t${hostname}.${domain}\t${hostname}`));
  return [managedHeader, ...ownNames, ...self, ''].join('\n') + aliasLines(aliases);
}

/** `/etc/hosts` of a pod on the node's network: the node's own, and the pod's aliases. */
export function nodeHosts(nodeFile: string, aliases: readonly HostAlias[]): string {
  return `${hostHeader}\n${nodeFile}${aliasLines(aliases)}`;
}

function aliasLines(aliases: readonly HostAlias[]): string {
  if (aliases.length === 0) return '';
  const lines = aliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join('\t')}`);
  return ['', '# Entries added by HostAliases.', ...lines, ''].join('\n');
}
