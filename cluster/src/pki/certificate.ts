import 'reflect-metadata';
import { createPrivateKey, type KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

cryptoProvider.set(webcrypto as unknown as Crypto);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 24 * 60 * 60 * 1000;
/** Certificates begin a little in the past, so that a clock that lags accepts them. */
const backdateMs = 5 * 60 * 1000;

/** A certificate and its private key, both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateRequest {
  readonly commonName: string;
  readonly organizations?: readonly string[];
  /** DNS names and IP addresses, told apart by their form. */
  readonly names?: readonly string[];
  readonly usages: readonly ('client' | 'server')[];
  readonly days: number;
}

/** A new self-signed authority. `now` in milliseconds since 1970. */
export async function createAuthority(commonName: string, days: number, now: number): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [commonName] }],
    notBefore: new Date(now - backdateMs),
    notAfter: new Date(now + days * dayMs),
    signingAlgorithm: algorithm,
    keys: keys as webcrypto.CryptoKeyPair,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.digitalSignature | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey as CryptoKey),
    ],
  });
  return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
}

/** Signs certificates with one authority, which is parsed once. */
export class Authority {
  readonly certificate: string;
  readonly #issuer: X509Certificate;
  readonly #signingKey: Promise<CryptoKey>;

  constructor(authority: KeyPair) {
    this.certificate = authority.certificate;
    this.#issuer = new X509Certificate(authority.certificate);
    const pkcs8 = createPrivateKey(authority.key).export({ type: 'pkcs8', format: 'der' });
    this.#signingKey = webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']) as Promise<CryptoKey>;
  }

  /** Issues a certificate with a new P-256 key. `now` in milliseconds since 1970. */
  async issue(request: CertificateRequest, now: number): Promise<KeyPair> {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: subjectOf(request),
      issuer: this.#issuer.subjectName,
      notBefore: new Date(now - backdateMs),
      notAfter: new Date(Math.min(now + request.days * dayMs, this.#issuer.notAfter.getTime())),
      signingKey: await this.#signingKey,
      publicKey: keys.publicKey as CryptoKey,
      signingAlgorithm: algorithm,
      extensions: await extensionsOf(request, this.#issuer),
    });
    return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
  }
}

function subjectOf(request: CertificateRequest) {
  return [
    ...(request.organizations ?? []).map((organization) => ({ O: [organization] })),
    { CN: [request.commonName] },
  ];
}

async function extensionsOf(request: CertificateRequest, issuer: X509Certificate): Promise<Extension[]> {
  const usages = request.usages.map((usage) =>
    usage === 'client' ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth,
  );
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension(usages),
    await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
  ];
  if (request.names !== undefined && request.names.length > 0) {
    const names = request.names.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value }));
    extensions.push(new SubjectAlternativeNameExtension(names));
  }
  return extensions;
}

/** 16 random bytes with a clear top bit: positive, unguessable, within the 20 octets of RFC 5280. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01;
  return bytes.toString('hex');
}

async function exportKey(key: webcrypto.CryptoKey | CryptoKey): Promise<string> {
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key as webcrypto.CryptoKey));
  const keyObject: KeyObject = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  return keyObject.export({ type: 'pkcs8', format: 'pem' }).toString();
}
