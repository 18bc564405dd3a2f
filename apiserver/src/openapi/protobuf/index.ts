/** OpenAPI documents as the protobuf messages that upstream's clients ask for first. */
export { encodeV2 } from './v2.ts';
export { encodeV3 } from './v3.ts';
