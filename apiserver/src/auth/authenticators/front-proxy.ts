import type { ApiRequest } from '../../http/api-request.ts';
import { firstHeaderLine, headerLines, headerLinesByKey } from '../../http/header-lines.ts';
import type { Authenticator } from '../authenticator.ts';
import type { RequestHeaderConfig } from '../request-header.ts';
import type { CertificateAuthorities } from './client-certificate.ts';

/**
 * Believes the headers of a proxy that shows a certificate of its own authority
 * (k8s.io/apiserver pkg/authentication/request/headerrequest/requestheader.go).
 */
export function frontProxyAuthenticator(
  authorities: CertificateAuthorities,
  { allowedNames, ...names }: RequestHeaderConfig,
): Authenticator {
  const lower = (headers: readonly string[]) => headers.map((header) => header.toLowerCase());
  const [users, uids, groupHeaders] = [
    lower(names.usernameHeaders),
    lower(names.uidHeaders),
    lower(names.groupHeaders),
  ];
  const prefixes = lower(names.extraHeaderPrefixes);
  return {
    name: 'front-proxy',
    authenticate(request: ApiRequest) {
      const { certificate } = request.peer;
      const username = firstSaid(request, users);
      if (username === '' || certificate === undefined || !authorities.issued(certificate)) return undefined;
      if (allowedNames.length > 0 && !allowedNames.includes(certificate.commonName)) {
        throw new Error(`x509: subject with cn=${certificate.commonName} is not in the allowed list`);
      }
      const uid = firstSaid(request, uids);
      const groups = groupHeaders.flatMap((name) => headerLines(request, name)).filter((group) => group !== '');
      const extra = headerLinesByKey(request, ...prefixes);
      return { user: { username, groups, extra, ...(uid === '' ? {} : { uid }) } };
    },
  };
}

function firstSaid(request: ApiRequest, names: readonly string[]): string {
  for (const name of names) {
    const line = firstHeaderLine(request, name);
    if (line !== '') return line;
  }
  return '';
}
