import type { KubernetesObject } from '../meta/index.ts';
import { type GroupVersionKind, type ObjectSchema, parseGroupVersion } from '../schema/index.ts';
import { normalize } from '../structural/index.ts';
import { codecOf } from './codec.ts';
import { MalformedProtobufError } from './malformed-error.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** `runtime.Unknown`: what surrounds every object on the wire. */
export interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  /** The message, or whatever `contentType` says. */
  readonly raw: Uint8Array;
  readonly contentEncoding: string;
  /** Empty or `application/vnd.kubernetes.protobuf` for a message, `application/json` for JSON in an envelope. */
  readonly contentType: string;
}

const magic = [0x6b, 0x38, 0x73, 0x00];

/** True for bytes that begin with `k8s\0`. */
export function isProtobuf(bytes: Uint8Array): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

/** True where a definition can be sent as protobuf: custom resources and Table cannot. */
export function supportsProtobuf(schema: ObjectSchema): boolean {
  return schema.builtin === true && [...schema.fields.values()].some((field) => field.number !== undefined);
}

/** Opens the envelope of bytes that begin with `k8s\0`. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  if (!isProtobuf(bytes)) throw new MalformedProtobufError('provided data does not appear to be a protobuf message');
  const reader = new Reader(bytes);
  reader.position = magic.length;
  const envelope = { apiVersion: '', kind: '', raw: new Uint8Array(), contentEncoding: '', contentType: '' };
  while (reader.position < bytes.length) {
    const tag = reader.varint();
    if (tag === 10) readTypeMeta(reader, envelope);
    else if (tag === 18) envelope.raw = reader.view() as Uint8Array<ArrayBuffer>;
    else if (tag === 26) envelope.contentEncoding = reader.string();
    else if (tag === 34) envelope.contentType = reader.string();
    else reader.skip(tag);
  }
  return envelope;
}

function readTypeMeta(reader: Reader, envelope: { apiVersion: string; kind: string }): void {
  const end = reader.end();
  while (reader.position < end) {
    const tag = reader.varint();
    if (tag === 10) envelope.apiVersion = reader.string();
    else if (tag === 18) envelope.kind = reader.string();
    else reader.skip(tag);
  }
}

/** A message as a JSON-shaped object in the form Go would print it; `apiVersion` and `kind` are not part of it. */
export function decodeMessage(bytes: Uint8Array, schema: ObjectSchema): Record<string, unknown> {
  const object = codecOf(schema).decode(new Reader(bytes), bytes.length) as Record<string, unknown>;
  return normalize(object, schema);
}

/** An object with its envelope. `schemaOf` finds the schema of the kind; throws MalformedProtobufError where it has none. */
export function decodeProtobuf(
  bytes: Uint8Array,
  schemaOf: (kind: GroupVersionKind) => ObjectSchema | undefined,
): KubernetesObject {
  const { apiVersion, kind, raw } = decodeEnvelope(bytes);
  const schema = schemaOf({ ...parseGroupVersion(apiVersion), kind });
  if (!schema) throw new MalformedProtobufError(`no kind "${kind}" is registered for version "${apiVersion}"`);
  return { kind, apiVersion, ...decodeMessage(raw, schema) };
}

/** One writer serves all: nothing in this package waits while it writes. */
const writer = new Writer();

/** An object as a bare message, as it stands in a list. */
export function encodeMessage(object: object, schema: ObjectSchema): Uint8Array {
  writer.reset();
  codecOf(schema).encode(writer, object);
  return writer.finish();
}

/** An object with its envelope; `apiVersion` and `kind` are taken from it. */
export function encodeProtobuf(object: KubernetesObject, schema: ObjectSchema): Uint8Array {
  writer.reset();
  writeTrailer();
  const before = writer.length;
  codecOf(schema).encode(writer, object);
  writer.header(before);
  writer.varint(18);
  writeHead(object.apiVersion ?? '', object.kind ?? '');
  return writer.finish();
}

/** Puts a message that is encoded already into an envelope. */
export function encodeEnvelope(apiVersion: string, kind: string, message: Uint8Array): Uint8Array {
  writer.reset();
  writeTrailer();
  writer.bytes(message);
  writer.varint(18);
  writeHead(apiVersion, kind);
  return writer.finish();
}

/** Encoding and type of the content, empty as upstream writes them. */
function writeTrailer(): void {
  writer.string('');
  writer.varint(34);
  writer.string('');
  writer.varint(26);
}

function writeHead(apiVersion: string, kind: string): void {
  const before = writer.length;
  writer.string(kind);
  writer.varint(18);
  writer.string(apiVersion);
  writer.varint(10);
  writer.header(before);
  writer.varint(10);
  writer.raw(Uint8Array.from(magic));
}

/**
 * A list out of items that are encoded already (by `encodeMessage`), as chunks to be sent one after the other: no item is
 * copied. `metadata` is a ListMeta, `metaSchema` its schema.
 */
export function encodeListChunks(
  list: { readonly apiVersion: string; readonly kind: string; readonly metadata: object },
  metaSchema: ObjectSchema,
  items: readonly Uint8Array[],
): Uint8Array[] {
  const headers = items.map((item) => nestedHeader(18, item.length));
  const itemsLength = items.reduce((sum, item, index) => sum + item.length + (headers[index] as Uint8Array).length, 0);
  writer.reset();
  codecOf(metaSchema).encode(writer, list.metadata);
  writer.header(0);
  writer.varint(10);
  writer.varint(writer.length + itemsLength);
  writer.varint(18);
  writeHead(list.apiVersion, list.kind);
  const chunks = [writer.finish()];
  for (const [index, item] of items.entries()) chunks.push(headers[index] as Uint8Array, item);
  return chunks;
}

function nestedHeader(tag: number, length: number): Uint8Array {
  writer.reset();
  writer.varint(length);
  writer.varint(tag);
  return writer.finish();
}

/** Bytes of the length before each frame of a protobuf watch. */
const frameHeaderBytes = 4;

/** One frame of a protobuf watch: big-endian length, then a `metav1.WatchEvent` around an object with its envelope. */
export function encodeWatchFrame(type: string, object: Uint8Array): Uint8Array {
  writer.reset();
  writer.bytes(object);
  writer.varint(10);
  writer.header(0);
  writer.varint(18);
  writer.string(type);
  writer.varint(10);
  const event = writer.finish();
  const frame = new Uint8Array(frameHeaderBytes + event.length);
  new DataView(frame.buffer).setUint32(0, event.length);
  frame.set(event, frameHeaderBytes);
  return frame;
}
