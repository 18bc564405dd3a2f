export { type ApplyWrite, applyConfiguration } from './apply-configuration.ts';
export {
  differenceOf,
  emptySet,
  type FieldSet,
  hasMember,
  intersectionOf,
  isEmptySet,
  isSubset,
  membersOf,
  sameSet,
  setOfPaths,
  unionOf,
  withoutTrees,
} from './field-set.ts';
export { fieldsJson } from './known-sets.ts';
export { compareEntries, identityOf, isFieldSet } from './managed-entries.ts';
export { mergeConfiguration } from './merge.ts';
export type { ManagedWrite, ToVersion, VersionedObject } from './ownership.ts';
export { pathText } from './path-element.ts';
export { updateManagedFields } from './update-managed-fields.ts';
