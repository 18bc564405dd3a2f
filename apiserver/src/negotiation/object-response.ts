import { Buffer } from 'node:buffer';
import { isStatus } from '@coracle/apimachinery/errors';
import type { ApiRequest, ApiResponse } from '../http/api-request.ts';
import { type Capabilities, type Encoding, mediaTypeOf, negotiate, type Negotiated } from './accept.ts';
import { wantsPretty } from './content-type.ts';
import { envelope } from './protobuf-frame.ts';
import { toYaml } from './yaml.ts';

/** Objects that belong to no resource (Status, discovery, reviews): JSON and YAML always, protobuf where there is a codec. */
export interface MessageCodec {
  encode(object: object): Uint8Array;
}

/** One object as the whole answer, encoded as the client asks. Answers JSON where the client takes nothing that exists. */
export function objectResponse(
  object: object,
  request: Pick<ApiRequest, 'headers' | 'query'>,
  status = 200,
  codec?: MessageCodec,
): ApiResponse {
  const { encoding, pretty } = tolerant(request, codec !== undefined);
  return {
    status,
    headers: { 'content-type': mediaTypeOf[encoding] },
    body: { type: 'bytes', chunks: encodeObject(object, encoding, pretty, codec), value: () => object },
  };
}

/** As `negotiate`, with the query and the user agent deciding about indentation. */
export function negotiateFor(request: Pick<ApiRequest, 'headers' | 'query'>, capabilities: Capabilities): Negotiated {
  const negotiated = negotiate(request.headers['accept'], capabilities);
  if (negotiated.encoding !== 'json') return negotiated;
  const pretty = request.query.size === 0 ? null : request.query.get('pretty');
  return negotiated.pretty || !wantsPretty(pretty, request.headers['user-agent'])
    ? negotiated
    : { ...negotiated, pretty: true };
}

function tolerant(request: Pick<ApiRequest, 'headers' | 'query'>, protobuf: boolean): Negotiated {
  try {
    return negotiateFor(request, { protobuf, table: false, transforms: false });
  } catch (error) {
    if (!isStatus(error, 'NotAcceptable')) throw error;
    return { encoding: 'json', pretty: false, transform: undefined };
  }
}

/** `codec` is asked for protobuf only. */
export function encodeObject(
  object: object,
  encoding: Encoding,
  pretty: boolean,
  codec?: MessageCodec,
): readonly Uint8Array[] {
  if (encoding === 'yaml') return [Buffer.from(toYaml(object))];
  if (encoding === 'protobuf' && codec !== undefined) {
    const { apiVersion = '', kind = '' } = object as { apiVersion?: string; kind?: string };
    return envelope(apiVersion, kind, codec.encode(object));
  }
  return [Buffer.from(pretty ? JSON.stringify(object, null, 2) : `${JSON.stringify(object)}\n`)];
}

/** A few words as the whole answer: health checks. */
export function textResponse(text: string, status = 200, contentType = 'text/plain; charset=utf-8'): ApiResponse {
  return {
    status,
    headers: { 'content-type': contentType, 'x-content-type-options': 'nosniff' },
    body: { type: 'bytes', chunks: [Buffer.from(text)], value: () => text },
  };
}
