import type { Environment } from '@coracle/apimachinery/component';
import type { NodeAddress, Taint } from '@coracle/apimachinery/types/core-v1';
import type { Client } from '@coracle/client/rest';
import type { Transport } from '@coracle/client/transport';
import type { EvictionSettings } from '../eviction/index.ts';
import type { ContainerRuntime } from '../runtime/cri.ts';

/** What a node agent needs of the world. All requests go out as `system:node:<name>`. */
export interface NodeAgentDependencies extends Environment {
  readonly client: Client;
  /** The same connection as `client`: lists and watches go through it. */
  readonly transport: Transport;
}

export interface NodeAgentOptions {
  readonly nodeName: string;
  /** Set at registration and kept; `kubernetes.io/hostname`, `…/os` and `…/arch` are added. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Only at registration: others may take them away. */
  readonly taints?: readonly Taint[];
  readonly unschedulable?: boolean;
  readonly addresses: readonly NodeAddress[];
  /** Quantities by resource name. Extended resources that others patch into the node stay. */
  readonly capacity: Readonly<Record<string, string>>;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly providerID?: string;
  readonly podCIDR?: string;
  readonly kubeletVersion: string;
  readonly runtime: ContainerRuntime;
  /** Volumes, managed host files and plugin state: upstream's `/var/lib/kubelet`. */
  readonly rootDirectory: string;
  /** Upstream's `/var/log/pods`. */
  readonly logsDirectory: string;
  /** Absolute path below the cgroup mounts, `/coracle-x/ng-1-a`: `kubepods` is made inside. */
  readonly cgroupParent: string;
  readonly cgroup: 'v1' | 'v2';
  readonly dns: NodeDns;
  /** The :10250 surface; absent = not served. */
  readonly serving?: ServingOptions;
  /** What a reboot changes: the kernel's boot id and machine id by default. */
  readonly systemInfo?: { readonly machineID?: string; readonly systemUUID?: string; readonly bootID?: string };
  /** When pods have to go as the node runs short. Default upstream's. */
  readonly eviction?: EvictionSettings;
  /** Default seccomp for pods that ask for none is Unconfined, as upstream. */
  readonly seccompDefault?: boolean;
}

export interface NodeDns {
  /** The cluster's name servers. */
  readonly servers: readonly string[];
  /** The node's own search domains and name servers: what `dnsPolicy: Default` gives. */
  readonly searches: readonly string[];
  readonly nodeServers?: readonly string[];
  readonly clusterDomain: string;
}

export interface ServingOptions {
  /** Address of this host to bind. */
  readonly host: string;
  readonly port: number;
  /** What the node reports as its kubelet's port, where the machine forwards from there to `port`. Default: `port`. */
  readonly advertisedPort?: number;
  readonly certificate: string;
  readonly key: string;
  /** PEM of the authority whose client certificates are let in. */
  readonly clientCa: string;
}
