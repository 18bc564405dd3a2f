/** What cannot be changed through a `status` that leaves metadata alone too: everything clients own. */
export const specAndMetadata = [
  ['spec'],
  ['metadata', 'labels'],
  ['metadata', 'annotations'],
  ['metadata', 'finalizers'],
  ['metadata', 'ownerReferences'],
] as const;
