/** What pods ask of nodes, as the scheduler, controllers and nodes all read it (component-helpers/scheduling/corev1). */
export {
  matchesNodeSelector,
  matchesNodeTerm,
  type NodeMatcher,
  requiredNode,
  type SelectableNode,
  selectable,
} from './node-selector.ts';
export { hardEffects, isTolerated, tolerates, untoleratedTaint } from './tolerations.ts';
