export { MalformedProtobufError } from './malformed-error.ts';
export {
  decodeEnvelope,
  decodeMessage,
  decodeProtobuf,
  encodeEnvelope,
  encodeListChunks,
  encodeMessage,
  encodeProtobuf,
  encodeWatchFrame,
  type Envelope,
  isProtobuf,
  supportsProtobuf,
} from './protobuf.ts';
export { Writer } from './writer.ts';
