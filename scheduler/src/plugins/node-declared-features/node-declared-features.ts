import { deepEqual } from '@coracle/apimachinery/json';
import type { Container, Pod, PodSpec } from '@coracle/apimachinery/types/core-v1';
import { action } from '../../framework/cluster-event.ts';
import type { Plugin } from '../../framework/plugin.ts';
import { unresolvable } from '../../framework/status.ts';

const name = 'NodeDeclaredFeatures';
const lacking = unresolvable(name, "node(s) didn't match Pod's required features");

type NeedsFeature = (spec: PodSpec, containers: readonly Container[]) => boolean;

/** Features that not every node of a cluster has, and how a pod shows that it needs one (KEP-5328). */
const features: Readonly<Record<string, NeedsFeature>> = {
  RestartAllContainersOnContainerExits: (_, containers) =>
    containers.some(({ restartPolicyRules }) =>
      restartPolicyRules?.some((rule) => rule.action === 'RestartAllContainers'),
    ),
  UserNamespacesHostNetworkSupport: ({ hostNetwork, hostUsers }) => hostNetwork === true && hostUsers === false,
  VolumeBindMountOptions: (_, containers) =>
    containers.some(({ volumeMounts }) => volumeMounts?.some((mount) => (mount.bindMountOptions?.length ?? 0) > 0)),
};

/** Keeps a pod off nodes whose agent does not say that it can do what the pod needs. */
export function nodeDeclaredFeatures(): Plugin {
  return {
    name,
    hints: [
      { resource: 'Node', actions: action.add | action.updateNodeFeatures },
      {
        resource: 'TargetPod',
        actions: action.update,
        helps: (_, previous, current) => !deepEqual(neededBy(previous as Pod), neededBy(current as Pod)),
      },
    ],
    filter({ pod }) {
      const needed = neededBy(pod);
      if (needed.length === 0) return undefined;
      return {
        check: ({ node }) =>
          needed.every((feature) => node.status?.declaredFeatures?.includes(feature)) ? undefined : lacking,
      };
    },
  };
}

function neededBy({ spec }: Pod): readonly string[] {
  if (!spec) return [];
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  return Object.keys(features).filter((feature) => features[feature]?.(spec, containers));
}
