/** Where the components of a cluster write what happened. */
export { createFileLogger, type FileLogger, type LogLevel } from './file-logger.ts';
