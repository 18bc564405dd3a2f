export { createSpdyConnection, type SpdyConnection, type SpdyOptions, type SpdyStream } from './connection.ts';
export type { Headers } from './header-block.ts';
