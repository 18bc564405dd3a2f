import { createHash, X509Certificate } from 'node:crypto';
import type { Clock } from '@coracle/apimachinery/clock';
import type { ApiRequest, Peer } from '../../http/api-request.ts';
import type { MetricRegistry } from '../../metrics/index.ts';
import type { Authentication, Authenticator } from '../authenticator.ts';
import { authenticatedGroup, credentialIdKey } from './users.ts';

const hour = 3600;
const day = 24 * hour;
/** Seconds; upstream's bounds. */
const lifetimeBounds = [
  ...[0, hour / 2, hour, 2 * hour, 6 * hour, 12 * hour],
  ...[day, 2 * day, 4 * day, 7 * day, 30 * day, 90 * day, 180 * day, 360 * day],
];

type PeerCertificate = NonNullable<Peer['certificate']>;

/**
 * The common name of a verified client certificate is the user, its organizations are the groups. `authorities` are those
 * of clients where the connection believes others, too: a front proxy's say only that a proxy speaks, never who, and are left
 * to `frontProxyAuthenticator`.
 */
export function clientCertificateAuthenticator(
  authorities: CertificateAuthorities | undefined,
  { registry, clock }: { readonly registry: MetricRegistry; readonly clock: Pick<Clock, 'now'> },
): Authenticator {
  const remaining = registry
    .histogram(
      {
        name: 'apiserver_client_certificate_expiration_seconds',
        help: 'Distribution of the remaining lifetime on the certificate used to authenticate a request.',
        labels: [],
      },
      lifetimeBounds,
    )
    .with([]);
  // A connection keeps its certificate, so the answer is made once for each.
  const known = new WeakMap<PeerCertificate, Authentication>();
  return {
    name: 'x509',
    authenticate({ peer: { certificate, certificateError } }: ApiRequest) {
      if (certificateError !== undefined) throw new Error(`x509: ${certificateError}`);
      if (certificate === undefined) return undefined;
      remaining((certificate.expiresAt - clock.now()) / 1000);
      const answer = known.get(certificate);
      if (answer !== undefined) return answer;
      if (authorities?.issued(certificate) === false) throw new Error('x509: certificate signed by unknown authority');
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

/** Of a PEM bundle. Throws where one cannot be read. */
export function certificatesIn(bundle: string): X509Certificate[] {
  const blocks = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((pem) => new X509Certificate(pem));
}

/** Certificates that are believed to issue others. */
export class CertificateAuthorities {
  readonly #authorities: readonly X509Certificate[];
  readonly #answers = new WeakMap<PeerCertificate, boolean>();

  /** A PEM bundle. */
  constructor(bundle: string) {
    this.#authorities = certificatesIn(bundle);
  }

  /** True where one of the authorities signed it, or an intermediate one that the peer has shown. */
  issued(certificate: PeerCertificate): boolean {
    let answer = this.#answers.get(certificate);
    if (answer === undefined) {
      answer = this.#vouchFor(new X509Certificate(certificate.raw), certificate.intermediates ?? []);
      this.#answers.set(certificate, answer);
    }
    return answer;
  }

  #vouchFor(certificate: X509Certificate, intermediates: readonly X509Certificate[]): boolean {
    if (this.#authorities.some((authority) => signed(authority, certificate))) return true;
    const issuer = intermediates.find((each) => each.ca && signed(each, certificate));
    if (issuer === undefined) return false;
    return this.#vouchFor(
      issuer,
      intermediates.filter((each) => each !== issuer),
    );
  }
}

function signed(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
