import { quantityMilliValue, quantityValue } from '@coracle/apimachinery/quantity';
import { requiredNode, selectable, untoleratedTaint } from '@coracle/apimachinery/scheduling';
import type { Node, Pod } from '@coracle/apimachinery/types/core-v1';
import type { WaitingReason } from './container-statuses.ts';
import { isHostNetwork } from './observed.ts';
import type { ResizeRefusal } from './pod-services.ts';
import { podResource } from './resources.ts';
import { isTerminal } from './status.ts';
import { checkSysctls } from './sysctls.ts';

/**
 * Whether the node can take this pod beside those it has: the last word, also over pods that were put here without a
 * scheduler. Reasons and texts are upstream's (lifecycle/predicate.go).
 */
export function admitPod(pod: Pod, node: Node, others: readonly Pod[]): WaitingReason | undefined {
  const active = others.filter((other) => other.metadata?.uid !== pod.metadata?.uid && !isTerminal(other.status));
  return (
    checkSysctls(pod) ??
    checkResources(pod, node, active) ??
    checkNodeName(pod, node) ??
    checkPorts(pod, active) ??
    checkAffinity(pod, node) ??
    checkTaints(pod, node)
  );
}

function checkResources(pod: Pod, node: Node, active: readonly Pod[]): WaitingReason | undefined {
  const allocatable = node.status?.allocatable ?? {};
  const pods = quantityValue(allocatable['pods']);
  if (allocatable['pods'] !== undefined && active.length + 1 > pods) return outOf('pods', 1, active.length, pods);
  for (const name of requestedResources(pod)) {
    const requested = podResource(pod, 'requests', name) ?? 0;
    if (requested === 0) continue;
    const used = active.reduce((sum, other) => sum + (podResource(other, 'requests', name) ?? 0), 0);
    const capacity = (name === 'cpu' ? quantityMilliValue : quantityValue)(allocatable[name]);
    if (used + requested > capacity) return outOf(name, requested, used, capacity);
  }
  return undefined;
}

/** Whether a pod that runs here may have the resources that its spec asks for now (upstream's allocation manager). */
export function admitResize(pod: Pod, node: Node, others: readonly Pod[]): ResizeRefusal | undefined {
  const allocatable = node.status?.allocatable ?? {};
  for (const name of ['cpu', 'memory']) {
    const requested = podResource(pod, 'requests', name) ?? 0;
    const capacity = (name === 'cpu' ? quantityMilliValue : quantityValue)(allocatable[name]);
    if (requested <= capacity) continue;
    const message = `Node didn't have enough capacity: ${name}, requested: ${requested}, capacity: ${capacity}`;
    return { reason: 'Infeasible', message };
  }
  const active = others.filter((other) => other.metadata?.uid !== pod.metadata?.uid && !isTerminal(other.status));
  const problem = checkResources(pod, node, active);
  return problem && { reason: 'Deferred', message: problem.message ?? '' };
}

function requestedResources(pod: Pod): readonly string[] {
  const { containers = [], initContainers = [], resources } = pod.spec ?? {};
  const lists = [...containers, ...initContainers].map((one) => one.resources?.requests ?? {});
  return [...new Set([...lists, resources?.requests ?? {}].flatMap((list) => Object.keys(list)))];
}

function outOf(name: string, requested: number, used: number, capacity: number): WaitingReason {
  return {
    reason: `OutOf${name}`,
    message: `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  };
}

function failed(predicate: string, description: string): WaitingReason {
  return { reason: predicate, message: `Predicate ${predicate} failed: ${description}` };
}

function checkNodeName(pod: Pod, node: Node): WaitingReason | undefined {
  if (pod.spec?.nodeName === node.metadata?.name) return undefined;
  return failed('NodeName', "node(s) didn't match the requested node name");
}

interface HostPort {
  readonly ip: string;
  readonly key: string;
}

function checkPorts(pod: Pod, active: readonly Pod[]): WaitingReason | undefined {
  const taken = active.flatMap(hostPorts);
  const clashes = hostPorts(pod).some(({ ip, key }) =>
    taken.some((other) => other.key === key && (other.ip === ip || ip === anyIp || other.ip === anyIp)),
  );
  return clashes ? failed('NodePorts', "node(s) didn't have free ports for the requested pod ports") : undefined;
}

const anyIp = '0.0.0.0';

function hostPorts(pod: Pod): HostPort[] {
  const onNode = isHostNetwork(pod);
  return (pod.spec?.containers ?? []).flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort, containerPort, protocol = 'TCP', hostIP }) => {
      const port = hostPort || (onNode ? containerPort : 0);
      return port > 0 ? [{ ip: hostIP || anyIp, key: `${protocol}/${port}` }] : [];
    }),
  );
}

function checkAffinity(pod: Pod, node: Node): WaitingReason | undefined {
  const fits = requiredNode(pod.spec)?.(selectable(node)) ?? true;
  return fits ? undefined : failed('NodeAffinity', "node(s) didn't match Pod's node affinity/selector");
}

/** Only taints that would drive a running pod away keep one from starting here. */
function checkTaints(pod: Pod, node: Node): WaitingReason | undefined {
  const taint = untoleratedTaint(node.spec?.taints, pod.spec?.tolerations ?? [], ['NoExecute']);
  return taint && failed('TaintToleration', "node(s) had taints that the pod didn't tolerate");
}
