/** Configuration files of upstream's formats: strict reading, and reading again when they change. */
export { type ConfigKind, parseConfig, readConfigFile, readText } from './config-file.ts';
export { filePollMs, followFile, type FollowOptions, NotYet } from './follow-file.ts';
export { createReloadMetrics } from './reload-metrics.ts';
export { document, duration, flag, integer, listOf, mapOf, struct, text, texts } from './shapes.ts';
