import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { GroupResource, GroupVersionResource } from '@coracle/apimachinery/schema';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { cloudGroup, type FargateProfile } from '../../cloud/resources.ts';
import { fargateProfileLabel, fargateSchedulerName, matchProfile } from './profiles.ts';

/** What the hook reads of an admission context of the API server: the profiles, from its cache. */
export interface FargateAdmissionContext {
  readonly readers: {
    list<T extends KubernetesObject>(resource: GroupResource, namespace?: string): Promise<readonly T[]>;
  };
}

/** The part of an admission plug-in's attributes that matters here. */
interface Attributes {
  readonly resource: GroupVersionResource;
  readonly subresource: string;
  readonly namespace: string;
  object: KubernetesObject | undefined;
}

const profiles: GroupResource = { group: cloudGroup, resource: 'fargateprofiles' };

/**
 * The admission plug-in that sends pods of a Fargate profile to the Fargate pool, as EKS' mutating webhook
 * `0500-amazon-eks-fargate-mutation.amazonaws.com` does: `spec.schedulerName`, the profile label and the priority.
 * Pods of DaemonSets and pods with a scheduler of their own stay as they are.
 */
export function fargateAdmission(context: FargateAdmissionContext) {
  return {
    name: 'FargateProfile',
    operations: ['CREATE'] as const,

    handles: ({ resource, subresource }: Attributes): boolean =>
      resource.group === '' && resource.resource === 'pods' && subresource === '',

    async admit(attributes: Attributes): Promise<void> {
      const pod = attributes.object as Pod | undefined;
      if (pod?.spec === undefined || !mayMove(pod)) return;
      const profile = matchProfile(await context.readers.list<FargateProfile>(profiles), attributes.namespace, pod);
      if (profile === undefined) return;
      pod.spec.schedulerName = fargateSchedulerName;
      pod.spec.priorityClassName = 'system-node-critical';
      pod.spec.priority = nodeCriticalPriority;
      pod.metadata = { ...pod.metadata };
      pod.metadata.labels = { ...pod.metadata.labels, [fargateProfileLabel]: profile };
    },
  };
}

/** Value of the built-in class `system-node-critical`. */
const nodeCriticalPriority = 2_000_001_000;

function mayMove(pod: Pod): boolean {
  const scheduler = pod.spec?.schedulerName ?? 'default-scheduler';
  if (scheduler !== 'default-scheduler' || pod.spec?.nodeName) return false;
  return !pod.metadata?.ownerReferences?.some((owner) => owner.controller && owner.kind === 'DaemonSet');
}
