import type { ApiRequest } from '../../http/api-request.ts';
import type { Authenticator } from '../authenticator.ts';
import type { CertificateAuthorities } from './client-certificate.ts';

const userHeader = 'x-remote-user';
const uidHeader = 'x-remote-uid';
const groupHeader = 'x-remote-group';
const extraPrefix = 'x-remote-extra-';

/** Believes the `X-Remote-*` headers of a proxy that shows a certificate of its own authority. */
export function frontProxyAuthenticator(
  authorities: CertificateAuthorities,
  allowedNames: readonly string[],
): Authenticator {
  return {
    name: 'front-proxy',
    authenticate({ headers, peer: { certificate } }: ApiRequest) {
      const username = headers[userHeader];
      if (!username || certificate === undefined || !authorities.issued(certificate)) return undefined;
      if (allowedNames.length > 0 && !allowedNames.includes(certificate.commonName)) {
        throw new Error(`x509: subject with cn=${certificate.commonName} is not in the allowed list`);
      }
      const uid = headers[uidHeader];
      const user = { username, groups: listOf(headers[groupHeader]), extra: extraOf(headers), ...(uid ? { uid } : {}) };
      return { user };
    },
  };
}

/** Repeated headers arrive joined. */
function listOf(value: string | undefined): string[] {
  return (value ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
}

function extraOf(headers: ApiRequest['headers']): Record<string, string[]> {
  const extra: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(extraPrefix)) extra[unescapeKey(name.slice(extraPrefix.length))] = listOf(value);
  }
  return extra;
}

/** A key may hold characters that a header name may not. */
function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
