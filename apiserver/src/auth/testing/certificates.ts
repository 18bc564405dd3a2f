import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import { BasicConstraintsExtension, X509CertificateGenerator } from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** Makes certificates: `create` for whom it is, and by whom it is signed (by itself where nobody is named). */
export class TestCertificates {
  readonly #keys = new Map<string, { readonly privateKey: CryptoKey }>();

  async create(commonName: string, issuer = commonName, authority = issuer === commonName): Promise<X509Certificate> {
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    this.#keys.set(commonName, keys);
    const signingKey = this.#keys.get(issuer)?.privateKey ?? keys.privateKey;
    const certificate = await X509CertificateGenerator.create({
      subject: `CN=${commonName}`,
      issuer: `CN=${issuer}`,
      publicKey: keys.publicKey,
      signingKey,
      signingAlgorithm: algorithm,
      extensions: [new BasicConstraintsExtension(authority, undefined, true)],
    });
    return new X509Certificate(certificate.toString('pem'));
  }
}
