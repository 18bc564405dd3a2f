import type { AccessOptions } from '@coracle/apiserver';

/** What a cluster is asked to be: the command line, the environment and a YAML file all end in one of these. */
export interface ClusterConfig {
  readonly name: string;
  /** Where its state lives; one process at a time. */
  readonly dataDir: string;
  /** Kubeconfig file to write to; absent means as kubectl finds it ($KUBECONFIG, then ~/.kube/config). */
  readonly kubeconfig?: string;
  /** API server port; 0 takes a free one. */
  readonly port: number;
  readonly runtime: RuntimeChoice;
  readonly nodeGroups: readonly NodeGroupConfig[];
  readonly fargateProfiles: readonly FargateProfileConfig[];
  /** Where the nodes ask for images before they ask the images' own registries. */
  readonly registryMirrors: readonly RegistryMirrorConfig[];
  /** Images that hollow nodes can pull; empty means every image. */
  readonly hollowImages: readonly string[];
  /** Endpoints of an etcd to keep the cluster in; empty means the embedded store. */
  readonly etcdServers: readonly string[];
  /** How long `up` waits for the cluster to be ready. */
  readonly waitSeconds: number;
  readonly detach: boolean;
  /** Audit, encryption at rest, and who may do what, where it is not as every cluster has it. */
  readonly access: AccessOptions;
}

/** `auto` is containerd where root and the programs are there, hollow nodes otherwise. */
export type RuntimeChoice = 'auto' | 'containerd' | 'hollow';

export interface NodeGroupConfig {
  readonly name: string;
  readonly instanceType: string;
  readonly count: number;
  readonly zones: readonly string[];
}

export interface RegistryMirrorConfig {
  /** `docker.io`, or `*` for every registry without mirrors of its own. */
  readonly registry: string;
  /** http or https URLs, tried in this order. */
  readonly endpoints: readonly string[];
}

export interface FargateProfileConfig {
  readonly name: string;
  readonly selectors: readonly FargateSelector[];
}

export interface FargateSelector {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

export const defaultName = 'coracle';
export const defaultPort = 6443;

export const defaultNodeGroups: readonly NodeGroupConfig[] = [
  { name: 'ng-1', instanceType: 'm5.large', count: 2, zones: ['us-east-1a', 'us-east-1b'] },
];

export const defaultFargateProfiles: readonly FargateProfileConfig[] = [
  { name: 'fp-default', selectors: [{ namespace: 'serverless', labels: {} }] },
];

/** A setting that is wrong. The message names the setting, what it was and what would do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
