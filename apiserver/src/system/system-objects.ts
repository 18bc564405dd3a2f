import { deepEqual } from '@coracle/apimachinery/json';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { GroupResource } from '@coracle/apimachinery/schema';
import type { EndpointSlice } from '@coracle/apimachinery/types/discovery-v1';
import type { Endpoints } from '@coracle/apimachinery/types/core-v1';
import { cidrContains, parseCidr, parseIp } from '@coracle/apimachinery/validation';
import type { RequestHeaderConfig } from '../auth/index.ts';
import type { Readers, Writers } from '../registry/readers.ts';
import { shareAuthentication } from './shared-authentication.ts';

/** What the objects say of this server. */
export interface SystemOptions {
  /** CIDRs of cluster IPs, primary family first. */
  readonly serviceCidrs: readonly string[];
  /** Address and port behind the `kubernetes` Service; absent: it has no endpoints. */
  readonly endpoint: { readonly address: string; readonly port: number } | undefined;
  /** PEM bundles that clients are checked against, for aggregated servers. */
  readonly clientAuthorities: readonly string[];
  /** How front proxies are believed, for them as well. */
  readonly requestHeader: RequestHeaderConfig | undefined;
}

interface SystemObject {
  readonly resource: GroupResource;
  readonly object: KubernetesObject;
}

const core = (resource: string): GroupResource => ({ group: '', resource });
const slices: GroupResource = { group: 'discovery.k8s.io', resource: 'endpointslices' };

/** Makes sure that the objects exist which every cluster has from the start. What is there already stays as it is. */
export async function ensureSystemObjects(writers: Writers, readers: Readers, options: SystemOptions): Promise<void> {
  const objects = [...namespaces(), ...priorityClasses(), ...serviceNetwork(options)];
  await Promise.all([
    ...objects.map(async ({ resource, object }) => {
      const { namespace, name = '' } = object.metadata ?? {};
      const present = await readers.get(resource, namespace === undefined ? { name } : { namespace, name });
      if (present === undefined) await writers.create(resource, object);
    }),
    shareAuthentication(writers, options),
  ]);
  if (options.endpoint !== undefined) await pointHere(writers, options.endpoint);
}

function namespaces(): SystemObject[] {
  return ['default', 'kube-system', 'kube-public', 'kube-node-lease'].map((name) => ({
    resource: core('namespaces'),
    object: {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    } as KubernetesObject,
  }));
}

function priorityClasses(): SystemObject[] {
  const make = (name: string, value: number, description: string): SystemObject => ({
    resource: { group: 'scheduling.k8s.io', resource: 'priorityclasses' },
    object: {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name },
      value,
      description,
      preemptionPolicy: 'PreemptLowerPriority',
    } as KubernetesObject,
  });
  return [
    make(
      'system-node-critical',
      2_000_001_000,
      'Used for system critical pods that must not be moved from their current node.',
    ),
    make(
      'system-cluster-critical',
      2_000_000_000,
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
    ),
  ];
}

const serviceName = 'kubernetes';
const namespace = 'default';

/** The Service under which pods reach this server, its address, and the ranges addresses are taken from. */
function serviceNetwork({ serviceCidrs, endpoint }: SystemOptions): SystemObject[] {
  const clusterIp = firstAddress(serviceCidrs[0] ?? '');
  const families = [clusterIp.includes(':') ? 'IPv6' : 'IPv4'];
  return [
    {
      resource: { group: 'networking.k8s.io', resource: 'servicecidrs' },
      object: {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'ServiceCIDR',
        metadata: { name: serviceName },
        spec: { cidrs: [...serviceCidrs] },
      } as KubernetesObject,
    },
    {
      resource: { group: 'networking.k8s.io', resource: 'ipaddresses' },
      object: {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'IPAddress',
        metadata: {
          name: clusterIp,
          labels: {
            'ipaddress.kubernetes.io/ip-family': families[0],
            'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
          },
        },
        spec: { parentRef: { group: '', resource: 'services', namespace, name: serviceName } },
      } as KubernetesObject,
    },
    {
      resource: core('services'),
      object: {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: serviceName, namespace, labels: { component: 'apiserver', provider: 'kubernetes' } },
        spec: {
          type: 'ClusterIP',
          clusterIP: clusterIp,
          clusterIPs: [clusterIp],
          ipFamilies: families,
          ipFamilyPolicy: 'SingleStack',
          internalTrafficPolicy: 'Cluster',
          sessionAffinity: 'None',
          ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: endpoint?.port ?? 443 }],
        },
        status: { loadBalancer: {} },
      } as KubernetesObject,
    },
  ];
}

/** The first usable address of a range. */
export function firstAddress(cidr: string): string {
  const range = parseCidr(cidr, true);
  const [network = '', length] = cidr.split('/');
  if (range === undefined || length === undefined) throw new Error(`${JSON.stringify(cidr)} is no CIDR of cluster IPs`);
  const address = network.includes(':')
    ? `${network.replace(/::.*$/, '')}::1`
    : network.replace(/\d+$/, (last) => String(Number(last) + 1));
  const parsed = parseIp(address, true);
  if (parsed === undefined || !cidrContains(range, parsed)) throw new Error(`${cidr} has no room for a cluster IP`);
  return address;
}

/** Endpoints of the `kubernetes` Service are this server, whatever an earlier run left there. */
async function pointHere(writers: Writers, { address, port }: { address: string; port: number }): Promise<void> {
  const ports = [{ name: 'https', port, protocol: 'TCP' }];
  const endpoints: Endpoints & KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: serviceName, namespace, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip: address }], ports }],
  };
  const slice: EndpointSlice & KubernetesObject = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: serviceName, namespace, labels: { 'kubernetes.io/service-name': serviceName } },
    addressType: address.includes(':') ? 'IPv6' : 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports,
  };
  await Promise.all([
    createOrSet(writers, core('endpoints'), endpoints, 'subsets'),
    createOrSet(writers, slices, slice, 'endpoints', 'ports', 'addressType'),
  ]);
}

async function createOrSet<T extends KubernetesObject>(
  writers: Writers,
  resource: GroupResource,
  object: T,
  ...fields: readonly (keyof T)[]
): Promise<void> {
  if ((await writers.create(resource, object)) !== undefined) return;
  await writers.update<T>(resource, { namespace, name: serviceName }, (copy) => {
    if (fields.every((name) => deepEqual(copy[name], object[name]))) return undefined;
    for (const name of fields) copy[name] = object[name];
    return copy;
  });
}
