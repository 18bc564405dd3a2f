import { createHash, X509Certificate } from 'node:crypto';
import type { ApiRequest, Peer } from '../../http/api-request.ts';
import type { Authentication, Authenticator } from '../authenticator.ts';
import { authenticatedGroup } from './users.ts';

type PeerCertificate = NonNullable<Peer['certificate']>;

/** Upstream pkg/authentication/request/x509: extra of every certificate user. */
const credentialIdKey = 'authentication.kubernetes.io/credential-id';

/**
 * The common name of a verified client certificate is the user, its organizations are the groups. Certificates of the
 * front proxy's authority say only that a proxy speaks, never who: they are left to `frontProxyAuthenticator`.
 */
export function clientCertificateAuthenticator(frontProxy: CertificateAuthorities | undefined): Authenticator {
  // A connection keeps its certificate, so the answer is made once for each.
  const known = new WeakMap<PeerCertificate, Authentication>();
  return {
    name: 'x509',
    authenticate({ peer: { certificate, certificateError } }: ApiRequest) {
      if (certificateError !== undefined) throw new Error(`x509: ${certificateError}`);
      if (certificate === undefined) return undefined;
      const answer = known.get(certificate);
      if (answer !== undefined) return answer;
      if (frontProxy?.issued(certificate)) throw new Error('x509: certificate signed by unknown authority');
      if (certificate.commonName === '') return undefined;
      const made: Authentication = { user: userOf(certificate) };
      known.set(certificate, made);
      return made;
    },
  };
}

function userOf({ commonName, organizations, raw }: PeerCertificate) {
  const digest = createHash('sha256').update(raw).digest('hex');
  return {
    username: commonName,
    groups: [...organizations, authenticatedGroup],
    extra: { [credentialIdKey]: [`X509SHA256=${digest}`] },
  };
}

/** Certificates that are believed to issue others. */
export class CertificateAuthorities {
  readonly #authorities: readonly X509Certificate[];
  readonly #answers = new WeakMap<PeerCertificate, boolean>();

  /** A PEM bundle. */
  constructor(bundle: string) {
    const blocks = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    this.#authorities = blocks.map((pem) => new X509Certificate(pem));
  }

  /** True where one of the authorities signed it directly. */
  issued(certificate: PeerCertificate): boolean {
    let answer = this.#answers.get(certificate);
    if (answer === undefined) {
      const presented = new X509Certificate(certificate.raw);
      answer = this.#authorities.some(
        (authority) => presented.checkIssued(authority) && presented.verify(authority.publicKey),
      );
      this.#answers.set(certificate, answer);
    }
    return answer;
  }
}
