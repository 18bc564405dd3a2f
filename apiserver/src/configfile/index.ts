/** Configuration files of upstream's formats: strict reading, and reading again when they change. */
export { type ConfigKind, parseConfig, parseYaml, readText } from './config-file.ts';
export { filePollMs, followFile, NotYet } from './follow-file.ts';
export { createReloadMetrics } from './reload-metrics.ts';
export { document, duration, flag, integer, listOf, struct, text, texts } from './shapes.ts';
