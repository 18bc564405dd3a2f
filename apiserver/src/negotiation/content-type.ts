import { unsupportedMediaType } from '@coracle/apimachinery/errors';
import { type Encoding, mediaTypeOf } from './accept.ts';

/** The encoding of a request body; none named means JSON. Throws UnsupportedMediaType. */
export function bodyEncoding(contentType: string | undefined, protobuf: boolean): Encoding {
  if (contentType === undefined || contentType === '') return 'json';
  switch (mediaTypeWithoutParameters(contentType)) {
    case mediaTypeOf.json:
      return 'json';
    case mediaTypeOf.yaml:
      return 'yaml';
    case mediaTypeOf.protobuf:
      if (protobuf) return 'protobuf';
      break;
  }
  throw unsupportedMediaType(
    protobuf ? [mediaTypeOf.json, mediaTypeOf.yaml, mediaTypeOf.protobuf] : [mediaTypeOf.json, mediaTypeOf.yaml],
  );
}

export function mediaTypeWithoutParameters(contentType: string): string {
  const semicolon = contentType.indexOf(';');
  return (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
}

const humanAgents = ['curl', 'Wget', 'Mozilla/5.0'];

/** `?pretty=…` decides; without it, people who read the answer themselves get it indented. */
export function wantsPretty(pretty: string | null, userAgent: string | undefined): boolean {
  if (pretty !== null && pretty !== '') return /^(1|t|T|TRUE|true|True)$/.test(pretty);
  return userAgent !== undefined && humanAgents.some((agent) => userAgent.startsWith(agent));
}
