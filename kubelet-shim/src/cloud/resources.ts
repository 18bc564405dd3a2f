import type { KubernetesObject, ObjectMeta } from '@coracle/apimachinery/meta';
import type { ResourceRef } from '@coracle/apimachinery/schema';
import type { Condition } from '@coracle/apimachinery/types/meta-v1';
import type { Taint } from '@coracle/apimachinery/types/core-v1';

export const cloudGroup = 'cloud.coracle.dev';

/** Machines of one instance type over availability zones: what EKS calls a managed node group. */
export interface NodeGroup extends KubernetesObject {
  metadata: ObjectMeta;
  spec: NodeGroupSpec;
  status?: NodeGroupStatus;
}

export interface NodeGroupSpec {
  /** `m5.large`; one of `instanceTypes`. */
  readonly instanceType: string;
  readonly replicas: number;
  /** Machines are spread evenly, the first zones get the odd ones. Default: the region's first two. */
  readonly zones?: readonly string[];
  /** Put on the nodes when they register, besides those that EKS sets. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  readonly capacityType?: 'ON_DEMAND' | 'SPOT';
  /** Size of the root disk that nodes report, in GiB. Default 20. */
  readonly diskSizeGiB?: number;
}

export interface NodeGroupStatus {
  readonly replicas?: number;
  readonly readyReplicas?: number;
  /** Selects the group's nodes: what the scale subresource answers. */
  readonly selector?: string;
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
}

/** Which pods run on the Fargate-like pool. As on EKS the selectors of a profile never change. */
export interface FargateProfile extends KubernetesObject {
  metadata: ObjectMeta;
  spec: { readonly selectors: readonly FargateSelector[] };
  status?: { readonly pods?: number; readonly observedGeneration?: number };
}

/** A pod matches where the namespace and every label match; `*` and `?` are wildcards in all of them. */
export interface FargateSelector {
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export const NodeGroups: ResourceRef<NodeGroup> = {
  group: cloudGroup,
  version: 'v1',
  resource: 'nodegroups',
  kind: 'NodeGroup',
  namespaced: false,
};

export const FargateProfiles: ResourceRef<FargateProfile> = {
  group: cloudGroup,
  version: 'v1',
  resource: 'fargateprofiles',
  kind: 'FargateProfile',
  namespaced: false,
};
