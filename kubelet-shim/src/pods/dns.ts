import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { NodeDns } from '../node/options.ts';
import type { DnsConfig } from '../runtime/index.ts';

/** What musl and glibc read at most. */
const serversMax = 3;
const searchesMax = 32;
const clusterOptions = ['ndots:5'];

/** The pod's `/etc/resolv.conf` from its policy and its own additions. */
export function dnsConfig(pod: Pod, dns: NodeDns): DnsConfig {
  const { dnsConfig: own, dnsPolicy, hostNetwork } = pod.spec ?? {};
  const base = baseConfig(pod, policyOf(dnsPolicy, hostNetwork === true), dns);
  if (!own) return base;
  return {
    servers: unique([...base.servers, ...(own.nameservers ?? [])]).slice(0, serversMax),
    searches: unique([...base.searches, ...(own.searches ?? [])]).slice(0, searchesMax),
    options: mergeOptions(base.options, own.options ?? []),
  };
}

/** A pod on the node's network asks the node's servers unless it insists. */
function policyOf(policy: string | undefined, hostNetwork: boolean): 'None' | 'Default' | 'Cluster' {
  if (policy === 'None') return 'None';
  if (policy === 'Default') return 'Default';
  if (policy === 'ClusterFirstWithHostNet') return 'Cluster';
  return hostNetwork ? 'Default' : 'Cluster';
}

function baseConfig(pod: Pod, policy: 'None' | 'Default' | 'Cluster', dns: NodeDns): DnsConfig {
  if (policy === 'None') return { servers: [], searches: [], options: [] };
  if (policy === 'Default' || dns.servers.length === 0) {
    return { servers: dns.nodeServers ?? dns.servers, searches: dns.searches, options: [] };
  }
  const { clusterDomain } = dns;
  const namespace = pod.metadata?.namespace ?? '';
  const searches = [`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain, ...dns.searches];
  return { servers: dns.servers, searches: unique(searches), options: clusterOptions };
}

function mergeOptions(base: readonly string[], own: readonly { name?: string; value?: string }[]): string[] {
  const merged = new Map(base.map((option) => [option.split(':')[0] ?? '', option]));
  for (const { name = '', value } of own)
    merged.set(name, value === undefined || value === '' ? name : `${name}:${value}`);
  return [...merged.values()];
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}

/** The kernel's limit for a host name. */
const hostnameMax = 64;

/** The name the pod has for itself, and the domain behind it where it has a subdomain. */
export function hostnameAndDomain(pod: Pod, clusterDomain: string): { hostname: string; domain: string } {
  const { hostname, subdomain, hostnameOverride } = pod.spec ?? {};
  const { name = '', namespace = '' } = pod.metadata ?? {};
  if (hostnameOverride) return { hostname: hostnameOverride, domain: '' };
  const own = hostname || truncate(name);
  return { hostname: own, domain: subdomain ? `${subdomain}.${namespace}.svc.${clusterDomain}` : '' };
}

/** What the sandbox is told: the full name where the pod wants that (KEP-1797). */
export function sandboxHostname(pod: Pod, clusterDomain: string): string {
  const { hostname, domain } = hostnameAndDomain(pod, clusterDomain);
  if (!pod.spec?.setHostnameAsFQDN || domain === '') return hostname;
  const full = `${hostname}.${domain}`;
  if (full.length > hostnameMax) {
    const limit = `${hostnameMax} characters is the max, ${full.length} characters requested`;
    const problem = `FQDN ${full} is too long (${limit})`;
    throw new Error(`failed to construct FQDN from pod hostname and cluster domain, ${problem}`);
  }
  return full;
}

function truncate(name: string): string {
  return name.length < hostnameMax ? name : name.slice(0, hostnameMax - 1).replace(/[-.]+$/, '');
}
