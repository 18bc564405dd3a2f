import { Buffer } from 'node:buffer';

/**
 * The outer layers of Kubernetes protobuf that have nothing to do with a kind: the envelope of a whole answer, and list
 * headers, in pieces, so that no message is copied. Numbers of the fields: k8s.io/apimachinery runtime.Unknown, meta/v1 ListMeta.
 */

const magic = Buffer.from('k8s\0', 'latin1');
/** `contentEncoding` and `contentType` of runtime.Unknown, both empty, as upstream writes them. */
const envelopeEnd = Buffer.from([0x1a, 0x00, 0x22, 0x00]);

const fieldTypeMeta = 0x0a;
const fieldRaw = 0x12;
const envelopeStarts = new Map<string, Buffer>();

/** The pieces of a whole body: envelope, message, end. */
export function envelope(apiVersion: string, kind: string, ...message: readonly Uint8Array[]): Uint8Array[] {
  let length = 0;
  for (const piece of message) length += piece.length;
  const head = Buffer.concat([envelopeStart(apiVersion, kind), varint(length)]);
  return [head, ...message, envelopeEnd];
}

function envelopeStart(apiVersion: string, kind: string): Buffer {
  const name = `${apiVersion} ${kind}`;
  let start = envelopeStarts.get(name);
  if (start === undefined) {
    const typeMeta = Buffer.concat([textField(0x0a, apiVersion), textField(0x12, kind)]);
    start = Buffer.concat([
      magic,
      Buffer.from([fieldTypeMeta]),
      varint(typeMeta.length),
      typeMeta,
      Buffer.from([fieldRaw]),
    ]);
    envelopeStarts.set(name, start);
  }
  return start;
}

/** `items` of a list is field 2 of every list message: the tag and length that go before one item. */
export function listItemHeader(length: number): Uint8Array {
  return Buffer.concat([Buffer.from([0x12]), varint(length)]);
}

export interface ListMetaFields {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** `metadata` of a list, field 1 of every list message. */
export function listMetaField(meta: ListMetaFields): Uint8Array {
  const parts = [textField(0x0a, ''), textField(0x12, meta.resourceVersion), textField(0x1a, meta.continue ?? '')];
  if (meta.remainingItemCount !== undefined) parts.push(Buffer.from([0x20]), varint(meta.remainingItemCount));
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([0x0a]), varint(body.length), body]);
}

function textField(tag: number, text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([Buffer.from([tag]), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
