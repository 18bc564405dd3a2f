export type * from './schema.ts';
export {
  type GroupResource,
  type GroupVersionKind,
  type GroupVersionResource,
  groupVersion,
  groupVersionProblem,
  parseGroupVersion,
  type ResourceRef,
  type ResourceRow,
  type SubresourceRow,
  type Verb,
} from './resource.ts';
