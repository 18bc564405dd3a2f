export { builtinScheme } from './builtin-scheme.ts';
export type { Conversion } from './conversion.ts';
export { type DefinitionFacts, DefinitionTable } from './definition-table.ts';
export { type GroupVersion, Scheme, type ServedGroup } from './scheme.ts';
export { compareVersions } from './version-order.ts';
