import type {
  Affinity,
  Node,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
} from '../generated/types/core-v1.ts';
import { type LabelOperator, LabelSelector, type Labels, labelRequirement } from '../selectors/index.ts';

/** What is asked of a node. */
export interface SelectableNode {
  readonly name: string;
  readonly labels: Labels;
}

/** Whether a node is one that a selector means. */
export type NodeMatcher = (node: SelectableNode) => boolean;

export function selectable(node: Node): SelectableNode {
  return { name: node.metadata?.name ?? '', labels: node.metadata?.labels ?? {} };
}

const operators: Readonly<Record<string, LabelOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
  Gt: 'gt',
  Lt: 'lt',
};

const nothing: NodeMatcher = () => false;

/** Objects do not change, so what was read of one serves as long as it does: a volume's selector is asked for each node. */
const readTerms = new WeakMap<NodeSelectorTerm, NodeMatcher>();

/** Terms are alternatives (component-helpers/scheduling/corev1/nodeaffinity). */
export function matchesNodeSelector(selector: NodeSelector, node: SelectableNode): boolean {
  return selector.nodeSelectorTerms.some((term) => matchesNodeTerm(term, node));
}

/** All requirements of a term must hold; a term without any, or with one that cannot be read, matches nothing. */
export function matchesNodeTerm(term: NodeSelectorTerm, node: SelectableNode): boolean {
  let matcher = readTerms.get(term);
  if (matcher === undefined) {
    matcher = readTerm(term);
    readTerms.set(term, matcher);
  }
  return matcher(node);
}

function readTerm({ matchExpressions, matchFields }: NodeSelectorTerm): NodeMatcher {
  if (!matchExpressions?.length && !matchFields?.length) return nothing;
  try {
    const labels = new LabelSelector((matchExpressions ?? []).map(requirementOf));
    const fields = (matchFields ?? []).map(fieldMatcher);
    return (node) => labels.matches(node.labels) && fields.every((matches) => matches(node));
  } catch {
    return nothing;
  }
}

function requirementOf({ key, operator, values = [] }: NodeSelectorRequirement) {
  const known = Object.hasOwn(operators, operator) ? operators[operator] : undefined;
  if (known === undefined) throw new Error(`unknown operator ${operator}`);
  return labelRequirement(key, known, values);
}

/** Of a node's fields only its name can be asked, and only for one value. */
function fieldMatcher({ key, operator, values = [] }: NodeSelectorRequirement): NodeMatcher {
  const isEqual = operator === 'In';
  if ((!isEqual && operator !== 'NotIn') || values.length !== 1) throw new Error('a field is compared with one value');
  return ({ name }) => ((key === 'metadata.name' ? name : '') === values[0]) === isEqual;
}

/** The part of a pod that chooses nodes. */
export interface NodeChoice {
  readonly nodeSelector?: Record<string, string> | undefined;
  readonly affinity?: Affinity | undefined;
}

/** What the pod's `nodeSelector` and required node affinity ask of a node; undefined where they ask nothing. */
export function requiredNode(spec: NodeChoice | undefined): NodeMatcher | undefined {
  const pairs = Object.entries(spec?.nodeSelector ?? {});
  const affinity = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (pairs.length === 0 && !affinity) return undefined;
  return (node) =>
    pairs.every(([key, value]) => node.labels[key] === value) && (!affinity || matchesNodeSelector(affinity, node));
}
