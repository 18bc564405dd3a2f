import type { ApiRequest } from '../../http/api-request.ts';
import { firstHeaderLine, headerLines, headerLinesByKey } from '../../http/header-lines.ts';
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
    authenticate(request: ApiRequest) {
      const { certificate } = request.peer;
      const username = firstHeaderLine(request, userHeader);
      if (username === '' || certificate === undefined || !authorities.issued(certificate)) return undefined;
      if (allowedNames.length > 0 && !allowedNames.includes(certificate.commonName)) {
        throw new Error(`x509: subject with cn=${certificate.commonName} is not in the allowed list`);
      }
      const uid = firstHeaderLine(request, uidHeader);
      const groups = headerLines(request, groupHeader).filter((group) => group !== '');
      const extra = headerLinesByKey(request, extraPrefix);
      return { user: { username, groups, extra, ...(uid === '' ? {} : { uid }) } };
    },
  };
}
