import type {
  Affinity,
  Node,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
} from '@coracle/apimachinery/types/core-v1';
import { matchesLabels } from './selector.ts';

/** The node is one that the pod's node selector and required node affinity allow. */
export function matchesNodeAffinity(
  spec: { nodeSelector?: Record<string, string>; affinity?: Affinity } | undefined,
  node: Node,
): boolean {
  if (!matchesLabels(spec?.nodeSelector, node.metadata?.labels)) return false;
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || matchesNodeSelector(required, node);
}

/** One of the terms matches; a term without requirements matches nothing. */
export function matchesNodeSelector(selector: NodeSelector, node: Node): boolean {
  return selector.nodeSelectorTerms.some((term) => matchesTerm(term, node));
}

function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  const name = node.metadata?.name;
  return (
    matchExpressions.every((requirement) =>
      matchesRequirement(requirement, node.metadata?.labels?.[requirement.key]),
    ) &&
    matchFields.every((requirement) => requirement.key === 'metadata.name' && matchesRequirement(requirement, name))
  );
}

function matchesRequirement({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined): boolean {
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
      return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}
