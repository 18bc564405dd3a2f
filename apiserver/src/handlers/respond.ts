import { Buffer } from 'node:buffer';
import { StatusError } from '@coracle/apimachinery/errors';
import type { KubernetesObject, ListMeta } from '@coracle/apimachinery/meta';
import type { ApiResponse } from '../http/api-request.ts';
import { type Capabilities, mediaTypeOf, type Negotiated } from '../negotiation/accept.ts';
import { negotiateFor } from '../negotiation/object-response.ts';
import { includeObjectOf, tableOf } from '../negotiation/table.ts';
import { toYaml } from '../negotiation/yaml.ts';
import { viewOf } from '../negotiation/view.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import type { StoredObject } from '../storage/object-store/object-store.ts';
import type { Call } from './call.ts';

/** What can be answered about a resource. Reviews have no columns to print. */
export function capabilitiesOf(resource: ServedResource): Capabilities {
  return { protobuf: resource.protobuf !== undefined, table: resource.strategy.answer === undefined, transforms: true };
}

export function negotiateCall({ context, resource }: Call): Negotiated {
  return negotiateFor(context.request, capabilitiesOf(resource));
}

/** One object as the answer. `object` is in storage version; with `stored` its cached bytes are sent. */
export async function respondWithObject(
  call: Call,
  negotiated: Negotiated,
  object: KubernetesObject,
  stored: StoredObject | undefined,
  status = 200,
): Promise<ApiResponse> {
  if (call.resource.prepare !== undefined) await call.resource.prepare([object]);
  const { transform } = negotiated;
  if (transform?.kind === 'Table') {
    const meta =
      object.metadata?.resourceVersion === undefined ? {} : { resourceVersion: object.metadata.resourceVersion };
    return tableResponse(call, negotiated, [object], meta, status);
  }
  if (transform?.kind === 'PartialObjectMetadataList') {
    throw notAcceptableShape('you requested PartialObjectMetadataList, but the requested object is not a list type');
  }
  const view = viewOf(call.resource, negotiated);
  return {
    status,
    headers: { 'content-type': view.contentType },
    body: {
      type: 'bytes',
      chunks: stored === undefined ? view.bodyOf(object) : view.body(stored),
      value: () => view.value(object),
    },
  };
}

/** A list as the answer; `items` in storage version. */
export async function respondWithList(
  call: Call,
  negotiated: Negotiated,
  items: readonly StoredObject[],
  meta: ListMeta,
): Promise<ApiResponse> {
  const { transform } = negotiated;
  if (call.resource.prepare !== undefined) await call.resource.prepare(items.map((item) => item.object));
  const objects = () => items.map((item) => item.object);
  if (transform?.kind === 'Table') return tableResponse(call, negotiated, objects(), meta, 200);
  if (transform?.kind === 'PartialObjectMetadata') {
    throw notAcceptableShape('you requested PartialObjectMetadata, but the requested object is a list');
  }
  const view = viewOf(call.resource, negotiated);
  const { packed } = view;
  const { labelSelector = '', fieldSelector = '' } = call.context.info;
  const selection = `${labelSelector} ${fieldSelector}`;
  return listResponse(
    view.contentType,
    () => view.list(items, meta),
    () => view.listValue(objects(), meta),
    packed !== undefined && items.length >= packedItemsMin ? () => packed(items, meta, selection) : undefined,
  );
}

/** Shorter lists are compressed as they are. */
const packedItemsMin = 32;

/** As `respondWithList`, for objects that are not stored. */
export function respondWithMadeUpList(
  call: Call,
  negotiated: Negotiated,
  objects: readonly KubernetesObject[],
  meta: ListMeta,
): ApiResponse {
  if (negotiated.transform?.kind === 'Table') return tableResponse(call, negotiated, objects, meta, 200);
  const view = viewOf(call.resource, negotiated);
  return listResponse(
    view.contentType,
    () => view.listOf(objects, meta),
    () => view.listValue(objects, meta),
  );
}

/** Callers in this process take the value and never look at the bytes: those are made when somebody does. */
function listResponse(
  contentType: string,
  make: () => readonly Uint8Array[],
  value: () => unknown,
  packed?: () => Promise<readonly Uint8Array[]>,
): ApiResponse {
  let chunks: readonly Uint8Array[] | undefined;
  return {
    status: 200,
    headers: { 'content-type': contentType },
    body: {
      type: 'bytes',
      get chunks() {
        return (chunks ??= make());
      },
      value,
      ...(packed === undefined ? {} : { packed }),
    },
  };
}

function tableResponse(
  { core, context, resource }: Call,
  negotiated: Negotiated,
  objects: readonly KubernetesObject[],
  meta: ListMeta,
  status: number,
): ApiResponse {
  const table = tableOf(resource, objects, meta, {
    version: negotiated.transform?.version ?? 'v1',
    includeObject: includeObjectOf(context.request.query),
    now: core.environment.clock.now(),
    headers: true,
  });
  return {
    status,
    headers: { 'content-type': mediaTypeOf[negotiated.encoding] },
    body: { type: 'bytes', chunks: [encodeText(table, negotiated)], value: () => table },
  };
}

function encodeText(value: unknown, { encoding, pretty }: Negotiated): Uint8Array {
  if (encoding === 'yaml') return Buffer.from(toYaml(value));
  return Buffer.from(pretty ? JSON.stringify(value, null, 2) : JSON.stringify(value));
}

function notAcceptableShape(message: string): StatusError {
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason: 'NotAcceptable',
    code: 406,
  });
}
