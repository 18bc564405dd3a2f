export { createStrategicPatch } from './create-strategic-patch.ts';
export { applyJsonPatch, type JsonPatchOperation } from './json-patch.ts';
export { applyMergePatch, createMergePatch } from './merge-patch.ts';
export { mergedPatch } from './merged-patch.ts';
export { applyStrategicMergePatch } from './strategic-merge-patch.ts';
export { goTypeOf, goValue } from './go-value.ts';
