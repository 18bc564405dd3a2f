import { openIdConfiguration, openIdKeys, type ServiceAccountKeys } from '../auth/index.ts';
import type { PathHandler } from '../handlers/root.ts';
import type { ApiResponse } from '../http/api-request.ts';

/** OpenID discovery of service-account tokens, for those who check them elsewhere. Not served without a key. */
export function openIdPaths(keys: ServiceAccountKeys | undefined): PathHandler {
  if (keys === undefined) return () => undefined;
  return ({ info, request }) => {
    if (request.method !== 'GET') return undefined;
    if (info.path === '/.well-known/openid-configuration') {
      return answer(openIdConfiguration(keys, `${keys.issuer}/openid/v1/jwks`), 'application/json');
    }
    if (info.path === '/openid/v1/jwks') return answer(openIdKeys(keys), 'application/jwk-set+json');
    return undefined;
  };
}

function answer(value: object, contentType: string): ApiResponse {
  return {
    status: 200,
    headers: { 'content-type': contentType, 'cache-control': 'public, max-age=3600' },
    body: { type: 'bytes', chunks: [Buffer.from(JSON.stringify(value))], value: () => value },
  };
}
