import type {
  Node,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Pod,
} from '@coracle/apimachinery/types/core-v1';

type Labels = Readonly<Record<string, string>>;

/** What is asked of a node: as much of it as both `Node` and `NodeInfo` have. */
export interface SelectableNode {
  readonly name: string;
  readonly labels: Labels;
}

export function selectable(node: Node): SelectableNode {
  return { name: node.metadata?.name ?? '', labels: node.metadata?.labels ?? {} };
}

/** Terms are alternatives; an empty term matches nothing (component-helpers/scheduling/corev1/nodeaffinity). */
export function matchesNodeSelector(selector: NodeSelector, node: SelectableNode): boolean {
  return selector.nodeSelectorTerms.some((term) => matchesTerm(term, node));
}

export function matchesTerm({ matchExpressions, matchFields }: NodeSelectorTerm, node: SelectableNode): boolean {
  if (!matchExpressions?.length && !matchFields?.length) return false;
  return (
    (matchExpressions ?? []).every((requirement) => holds(requirement, node.labels[requirement.key])) &&
    (matchFields ?? []).every((requirement) => holds(requirement, fieldOf(requirement.key, node)))
  );
}

function fieldOf(key: string, node: SelectableNode): string | undefined {
  return key === 'metadata.name' ? node.name : undefined;
}

function holds({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return isInteger(value) && isInteger(values[0]) && BigInt(value) > BigInt(values[0]);
    case 'Lt':
      return isInteger(value) && isInteger(values[0]) && BigInt(value) < BigInt(values[0]);
    default:
      return false;
  }
}

function isInteger(text: string | undefined): text is string {
  return text !== undefined && /^[+-]?\d{1,19}$/.test(text);
}

/** Whether a node satisfies the pod's `nodeSelector` and required node affinity. */
export type NodeRequirement = (node: SelectableNode) => boolean;

/** Undefined where the pod asks for nothing. */
export function nodeRequirement(pod: Pod): NodeRequirement | undefined {
  const wanted = pod.spec?.nodeSelector;
  const affinity = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const hasLabels = wanted !== undefined && Object.keys(wanted).length > 0;
  if (!hasLabels && !affinity) return undefined;
  const pairs = Object.entries(wanted ?? {});
  return (node) =>
    pairs.every(([key, value]) => node.labels[key] === value) && (!affinity || matchesNodeSelector(affinity, node));
}
