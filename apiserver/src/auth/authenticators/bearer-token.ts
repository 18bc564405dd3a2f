import type { ApiRequest } from '../../http/api-request.ts';
import { tokenProtocolPrefix } from '../../http/token-protocol.ts';

/** The token of `Authorization: Bearer …`, or of a web socket's protocol list; undefined for none. Throws where that is wrong. */
export function bearerTokenOf({ headers, upgrade }: Pick<ApiRequest, 'headers' | 'upgrade'>): string | undefined {
  const authorization = headers['authorization'];
  if (authorization !== undefined) {
    const [scheme, token] = authorization.trim().split(' ', 2);
    return scheme?.toLowerCase() === 'bearer' && token ? token : undefined;
  }
  if (upgrade === undefined) return undefined;
  const protocols = (headers['sec-websocket-protocol'] ?? '').split(',').map((protocol) => protocol.trim());
  const carriers = protocols.filter((protocol) => protocol.startsWith(tokenProtocolPrefix));
  const [carrier] = carriers;
  if (carrier === undefined) return undefined;
  if (carriers.length > 1) throw new Error('multiple base64.bearer.authorization tokens specified');
  const token = decode(carrier.slice(tokenProtocolPrefix.length));
  // The server may answer with one that was asked for, and never with this one.
  if (token !== '' && protocols.length === 1) throw new Error('missing additional subprotocol');
  return token === '' ? undefined : token;
}

function decode(text: string): string {
  if (!/^[\w-]*$/.test(text)) throw new Error('invalid base64.bearer.authorization token encoding');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(text, 'base64url'));
  } catch {
    throw new Error('invalid base64.bearer.authorization token');
  }
}
