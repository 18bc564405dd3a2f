/** Subprotocol by which browsers, which cannot set headers on a web socket, send a token. */
export const tokenProtocolPrefix = 'base64url.bearer.authorization.k8s.io.';

/** A list of subprotocols without the token in it: it is for this server, not for whoever serves the connection. */
export function withoutTokens(protocols: string): string {
  const named = protocols.split(',').map((protocol) => protocol.trim());
  return named.filter((protocol) => !protocol.startsWith(tokenProtocolPrefix)).join(', ');
}
