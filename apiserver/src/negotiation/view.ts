import { Buffer } from 'node:buffer';
import type { Status } from '@coracle/apimachinery/errors';
import type { KubernetesList, KubernetesObject, ListMeta } from '@coracle/apimachinery/meta';
import { encodeEnvelope, encodeWatchFrame } from '@coracle/apimachinery/protobuf';
import type { WatchFrame } from '../http/api-request.ts';
import { metadataAlone, type ServedResource } from '../registry/served-resource.ts';
import type { StoredObject } from '../storage/object-store/object-store.ts';
import { mediaTypeOf, type Negotiated } from './accept.ts';
import { packList } from './packed-list.ts';
import { envelope, listItemHeader, listMetaField } from './protobuf-frame.ts';
import { toYaml } from './yaml.ts';

/** How a client wants to see the objects of a resource: which kind, which version, which bytes. */
export interface View {
  readonly contentType: string;
  readonly streamContentType: string;
  readonly apiVersion: string;
  readonly kind: string;
  /** Names kind, version and encoding: what two watchers must have in common to share a frame. */
  readonly variant: string;
  /** The object as this client sees it; `object` is in storage version and shared. */
  value(object: KubernetesObject): KubernetesObject;
  /** The whole body of an answer with one object. */
  body(stored: StoredObject): readonly Uint8Array[];
  /** The same for an object that is not in the store: dry runs, answers made on the spot. */
  bodyOf(object: KubernetesObject): readonly Uint8Array[];
  list(items: readonly StoredObject[], meta: ListMeta): readonly Uint8Array[];
  /**
   * The same list as one gzip member; undefined where nothing is kept between answers. `selection` names what was selected:
   * lists of one selection share what is kept.
   */
  packed?(items: readonly StoredObject[], meta: ListMeta, selection: string): Promise<readonly Uint8Array[]>;
  listOf(items: readonly KubernetesObject[], meta: ListMeta): readonly Uint8Array[];
  listValue(items: readonly KubernetesObject[], meta: ListMeta): KubernetesList;
  frame(type: string, stored: StoredObject): WatchFrame;
  /** For bookmarks; `object` is taken as it is. */
  frameOf(type: string, object: KubernetesObject): WatchFrame;
  errorFrame(status: Status): WatchFrame;
}

/** The kind that a view shows: the resource's own in the served version, or its metadata alone. */
interface Shape {
  readonly apiVersion: string;
  readonly kind: string;
  readonly listKind: string;
  readonly name: string;
  value(object: KubernetesObject): KubernetesObject;
  /** True where the stored JSON is this shape's JSON. */
  readonly stored: boolean;
  /** Of a built-in kind: items of lists leave out what they are. */
  readonly typed: boolean;
  /** The protobuf message of `value(object)`, without an envelope; undefined where there is none. */
  readonly message: ((value: KubernetesObject) => Uint8Array) | undefined;
}

/** Views of whole objects, which nearly every request wants: a view is a dozen functions, made once for each resource. */
const ownViews = new WeakMap<ServedResource, Map<string, View>>();

export function viewOf(resource: ServedResource, negotiated: Negotiated): View {
  const { transform, encoding, pretty } = negotiated;
  if (transform !== undefined) return makeView(metadataShape(resource, transform.version), resource, negotiated);
  let views = ownViews.get(resource);
  if (views === undefined) {
    views = new Map();
    ownViews.set(resource, views);
  }
  const name = pretty ? `${encoding} pretty` : encoding;
  let view = views.get(name);
  if (view === undefined) {
    view = makeView(ownShape(resource), resource, negotiated);
    views.set(name, view);
  }
  return view;
}

function makeView(shape: Shape, resource: ServedResource, { encoding, pretty }: Negotiated): View {
  if (encoding === 'protobuf' && shape.message !== undefined)
    return protobufView(shape, shape.message, resource.encodeStatus);
  if (encoding === 'yaml') return textView(shape, mediaTypeOf.yaml, (value) => Buffer.from(toYaml(value)));
  if (pretty) return textView(shape, mediaTypeOf.json, (value) => Buffer.from(JSON.stringify(value, null, 2)));
  return jsonView(shape);
}

function ownShape(resource: ServedResource): Shape {
  const { row, apiVersion } = resource;
  return {
    apiVersion,
    kind: row.kind,
    listKind: row.listKind,
    name: apiVersion,
    value: resource.isStorageVersion ? (object) => object : (object) => resource.fromStorage(object),
    stored: resource.isStorageVersion,
    typed: resource.schema.builtin === true,
    message: resource.protobuf?.encode,
  };
}

function metadataShape(resource: ServedResource, version: string): Shape {
  const apiVersion = `meta.k8s.io/${version}`;
  const kind = 'PartialObjectMetadata';
  return {
    apiVersion,
    kind,
    listKind: 'PartialObjectMetadataList',
    name: apiVersion,
    value: (object) => {
      const metadata = metadataAlone(resource, object);
      return { kind, apiVersion, ...(metadata === undefined ? {} : { metadata }) };
    },
    stored: false,
    typed: false,
    message: resource.encodeMetadata,
  };
}

function jsonView(shape: Shape): View {
  const variant = `json ${shape.name}`;
  const encode = (object: KubernetesObject) => Buffer.from(JSON.stringify(shape.value(object)));
  const pieces = shape.stored
    ? (stored: StoredObject) => stored.jsonPieces
    : (stored: StoredObject) => [stored.encoded(variant, encode)];
  const itemPieces = shape.typed ? withoutKind(shape, pieces) : pieces;
  return {
    contentType: mediaTypeOf.json,
    streamContentType: mediaTypeOf.json,
    apiVersion: shape.apiVersion,
    kind: shape.kind,
    variant,
    value: shape.value,
    body: pieces,
    bodyOf: (object) => [encode(object)],
    list: (items, meta) => jsonList(shape, items, meta, itemPieces),
    packed: (items, meta, selection) =>
      packList({
        variant: `${variant} ${selection}`,
        head: jsonListHead(shape, meta),
        items,
        piecesOf: itemPieces,
        separator: comma,
        tail: listEnd,
      }),
    listOf: (items, meta) => jsonList(shape, items, meta, (object) => [encodeItem(shape, object)]),
    listValue: (items, meta) => listValue(shape, items, meta),
    frame: (type, stored) =>
      lazyFrame(
        () => jsonFrame(type, pieces(stored)),
        () => ({ type, object: shape.value(stored.object) }),
      ),
    frameOf: textFrame,
    errorFrame: (status) => textFrame('ERROR', status),
  };
}

/** As an item of a list: those of upstream's typed lists do not say what they are. */
function encodeItem(shape: Shape, object: KubernetesObject): Buffer {
  const value = shape.value(object);
  if (!shape.typed) return Buffer.from(JSON.stringify(value));
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = value;
  return Buffer.from(JSON.stringify(rest));
}

const openBrace = Buffer.from('{');

/** Items of upstream's typed lists do not say what they are: those bytes, which come first, are left out. */
function withoutKind(
  { kind, apiVersion }: Shape,
  pieces: (stored: StoredObject) => readonly Uint8Array[],
): (stored: StoredObject) => readonly Uint8Array[] {
  const heads = [
    Buffer.from(`{"kind":"${kind}","apiVersion":"${apiVersion}",`),
    Buffer.from(`{"apiVersion":"${apiVersion}","kind":"${kind}",`),
  ];
  return (stored) => {
    const [first, ...rest] = pieces(stored);
    if (first === undefined) return [];
    const head = heads.find((each) => each.equals(first.subarray(0, each.length)));
    return head === undefined ? [first, ...rest] : [openBrace, first.subarray(head.length), ...rest];
  };
}

const comma = Buffer.from(',');
const listEnd = Buffer.from(']}\n');

function jsonList<T>(
  shape: Shape,
  items: readonly T[],
  meta: ListMeta,
  piecesOf: (item: T) => readonly Uint8Array[],
): Uint8Array[] {
  const chunks: Uint8Array[] = [jsonListHead(shape, meta)];
  for (const [index, item] of items.entries()) {
    if (index > 0) chunks.push(comma);
    chunks.push(...piecesOf(item));
  }
  chunks.push(listEnd);
  return chunks;
}

function jsonListHead({ listKind, apiVersion }: Shape, meta: ListMeta): Uint8Array {
  return Buffer.from(`{"kind":"${listKind}","apiVersion":"${apiVersion}","metadata":${JSON.stringify(meta)},"items":[`);
}

const frameEnd = Buffer.from('}\n');
const frameStarts = new Map<string, Buffer>();

function jsonFrame(type: string, object: readonly Uint8Array[]): Uint8Array {
  let start = frameStarts.get(type);
  if (start === undefined) {
    start = Buffer.from(`{"type":"${type}","object":`);
    frameStarts.set(type, start);
  }
  return Buffer.concat([start, ...object, frameEnd]);
}

function protobufView(
  shape: Shape,
  message: (value: KubernetesObject) => Uint8Array,
  encodeStatus: (status: Status) => Uint8Array,
): View {
  const variant = `protobuf ${shape.name}`;
  const { apiVersion, kind } = shape;
  /** Message with the tag and length it has in a list, so that one buffer serves lists, gets and watches. */
  const item = (object: KubernetesObject): Uint8Array => {
    const bytes = message(shape.value(object));
    return Buffer.concat([listItemHeader(bytes.length), bytes]);
  };
  const itemOf = (stored: StoredObject) => stored.encoded(variant, item);
  const list = (items: readonly Uint8Array[], meta: ListMeta) =>
    envelope(
      apiVersion,
      shape.listKind,
      listMetaField({ resourceVersion: meta.resourceVersion ?? '', ...meta }),
      ...items,
    );
  return {
    contentType: mediaTypeOf.protobuf,
    streamContentType: `${mediaTypeOf.protobuf};stream=watch`,
    apiVersion,
    kind,
    variant,
    value: shape.value,
    body: (stored) => envelope(apiVersion, kind, withoutItemHeader(itemOf(stored))),
    bodyOf: (object) => envelope(apiVersion, kind, message(shape.value(object))),
    list: (items, meta) => list(items.map(itemOf), meta),
    packed: (items, meta, selection) => {
      // The envelope tells the length of everything in it before any of it.
      const [head = nothing, ...body] = list(items.map(itemOf), meta);
      const metaField = body[0] ?? nothing;
      const tail = body.at(-1) ?? nothing;
      return packList({
        variant: `${variant} ${selection}`,
        head: Buffer.concat([head, metaField]),
        items,
        piecesOf: (stored) => [itemOf(stored)],
        separator: nothing,
        tail,
      });
    },
    listOf: (items, meta) => list(items.map(item), meta),
    listValue: (items, meta) => listValue(shape, items, meta),
    frame: (type, stored) =>
      lazyFrame(
        () => encodeWatchFrame(type, encodeEnvelope(apiVersion, kind, withoutItemHeader(itemOf(stored)))),
        () => ({ type, object: shape.value(stored.object) }),
      ),
    frameOf: (type, object) =>
      lazyFrame(
        () => encodeWatchFrame(type, encodeEnvelope(apiVersion, kind, message(object))),
        () => ({ type, object }),
      ),
    errorFrame: (status) =>
      lazyFrame(
        () => encodeWatchFrame('ERROR', encodeStatus(status)),
        () => ({ type: 'ERROR', object: status }),
      ),
  };
}

const nothing = Buffer.alloc(0);

/** The header of a list item is its tag byte and a varint. */
function withoutItemHeader(item: Uint8Array): Uint8Array {
  let start = 1;
  while (((item[start] as number) & 0x80) !== 0) start++;
  return item.subarray(start + 1);
}

/** People read these: made anew for every answer, never kept. */
function textView(shape: Shape, contentType: string, encode: (value: unknown) => Uint8Array): View {
  const { value } = shape;
  const list = (items: readonly KubernetesObject[], meta: ListMeta) => [encode(listValue(shape, items, meta))];
  return {
    contentType,
    streamContentType: contentType,
    apiVersion: shape.apiVersion,
    kind: shape.kind,
    variant: `${contentType} text ${shape.name}`,
    value,
    body: (stored) => [encode(value(stored.object))],
    bodyOf: (object) => [encode(value(object))],
    list: (items, meta) =>
      list(
        items.map((item) => item.object),
        meta,
      ),
    listOf: list,
    listValue: (items, meta) => listValue(shape, items, meta),
    frame: (type, stored) => textFrame(type, value(stored.object)),
    frameOf: textFrame,
    errorFrame: (status) => textFrame('ERROR', status),
  };
}

function textFrame(type: string, object: unknown): WatchFrame {
  return lazyFrame(
    () => Buffer.from(`${JSON.stringify({ type, object })}\n`),
    () => ({ type, object }),
  );
}

function listValue(shape: Shape, items: readonly KubernetesObject[], meta: ListMeta): KubernetesList {
  return { kind: shape.listKind, apiVersion: shape.apiVersion, metadata: meta, items: items.map(shape.value) };
}

/** Bytes only for those who send them, the decoded event only for those who live in this process. */
export function lazyFrame(make: () => Uint8Array, value: WatchFrame['value']): WatchFrame {
  let bytes: Uint8Array | undefined;
  return {
    get bytes() {
      return (bytes ??= make());
    },
    value,
  };
}
