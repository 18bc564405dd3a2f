import type { ApiRequest } from '../../http/api-request.ts';

/** Subprotocol by which browsers, which cannot set headers on a web socket, send a token. */
const webSocketPrefix = 'base64url.bearer.authorization.k8s.io.';

/** The token of `Authorization: Bearer …`, or of a web socket's protocol list; undefined for none. */
export function bearerTokenOf({ headers, upgrade }: ApiRequest): string | undefined {
  const authorization = headers['authorization'];
  if (authorization !== undefined) {
    const [scheme, token] = authorization.trim().split(' ', 2);
    return scheme?.toLowerCase() === 'bearer' && token ? token : undefined;
  }
  if (upgrade === undefined) return undefined;
  const protocols = (headers['sec-websocket-protocol'] ?? '').split(',').map((protocol) => protocol.trim());
  const carrier = protocols.find((protocol) => protocol.startsWith(webSocketPrefix));
  return carrier && Buffer.from(carrier.slice(webSocketPrefix.length), 'base64url').toString();
}
