import type { Environment, Running } from '@coracle/apimachinery/component';
import type { Client } from '@coracle/client/rest';
import type { Transport } from '@coracle/client/transport';
import type { HollowOptions } from '../machines/hollow/hollow-platform.ts';
import type { RegistryMirror } from '../machines/host/registry-mirrors.ts';
import type { NetworkPlan } from '../network/index.ts';

export interface Identity {
  readonly username: string;
  readonly groups?: readonly string[];
}

export interface Connection {
  readonly client: Client;
  readonly transport: Transport;
}

export interface CertificateRequest {
  readonly commonName: string;
  readonly organizations?: readonly string[];
  /** DNS names and addresses. */
  readonly names?: readonly string[];
  readonly usages: readonly ('server' | 'client')[];
  readonly days: number;
}

/** What the cloud needs of the world. */
export interface CloudDependencies extends Environment {
  /** A connection to the API server as this user: nodes speak as `system:node:<name>`, each with its own. */
  connect(identity: Identity): Connection;
  /** Issues a certificate of the cluster's authority: the serving certificates of the nodes' :10250. */
  issue(request: CertificateRequest): Promise<{ readonly certificate: string; readonly key: string }>;
}

export interface CloudOptions {
  /** `containerd` makes machines and runs real containers (Linux, root); `hollow` pretends and needs nothing. */
  readonly runtime: 'containerd' | 'hollow';
  readonly clusterName: string;
  /** Machines keep their disks here; made where missing. */
  readonly dataDirectory: string;
  /** Image archives (docker or OCI) that every machine gets; default `<dataDirectory>/images`. */
  readonly imagesDirectory?: string;
  /** From `planNetwork`, which chooses addresses before the API server starts: it advertises `plan.gateway`. */
  readonly network: NetworkPlan;
  /** Default `us-east-1`. Zones are this and a letter. */
  readonly region?: string;
  /** `10.96.0.0/12` */
  readonly serviceCidr: string;
  /** First and last node port. Default 30000–32767. */
  readonly nodePortRange?: { readonly first: number; readonly last: number };
  readonly clusterDnsAddress: string;
  readonly clusterDomain: string;
  /** PEM of the authority of client certificates that the nodes' :10250 lets in. */
  readonly clientCa: string;
  /** Where the API server listens on this host; one on loopback is forwarded to from `network.gateway`. */
  readonly apiServer: { readonly host: string; readonly port: number };
  /** Where images are asked for before their own registry. Default none. */
  readonly registryMirrors?: readonly RegistryMirror[];
  /** For the runtime `hollow`. Default: every image is found, and pods answer nowhere. */
  readonly hollow?: HollowOptions;
  /** What nodes say they run, default `v1.37.2`. */
  readonly kubeletVersion?: string;
  /** `realistic` makes Fargate machines take as long as users of the real thing report (about a minute). Default none. */
  readonly fargateStartup?: 'none' | 'realistic';
}

/** The machines, networks and Services under a cluster's nodes. `stop` stops machines and keeps their disks. */
export interface Cloud extends Running {
  /** Resolves once every node group has all its nodes ready; throws Error naming those that are not after `timeoutMs`. */
  ready(timeoutMs: number): Promise<void>;
  /** Imports an archive into every machine there is; resolves to the image names in it. */
  importImage(archive: string): Promise<readonly string[]>;
}
