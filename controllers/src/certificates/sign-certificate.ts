import { createHash, createPrivateKey, type KeyObject, sign, X509Certificate } from 'node:crypto';
import type { Random } from '@coracle/apimachinery/clock';
import type { CertificateRequest } from './certificate-request.ts';
import {
  bitString,
  children,
  contextTag,
  integer,
  oid,
  readDer,
  sequence,
  tags,
  time,
  writeDer,
  writePem,
} from './der.ts';

export interface CertificateAuthority {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export interface SigningPolicy {
  /** `spec.usages` of the request: `client auth`, `digital signature`, … */
  readonly usages: readonly string[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Bit numbers of the key usages (RFC 5280 4.2.1.3). */
const keyUsages: Readonly<Record<string, number>> = {
  'digital signature': 0,
  signing: 0,
  'content commitment': 1,
  'key encipherment': 2,
  'data encipherment': 3,
  'key agreement': 4,
  'cert sign': 5,
  'crl sign': 6,
  'encipher only': 7,
  'decipher only': 8,
};
/** In the order in which they are written. */
const extendedKeyUsages: Readonly<Record<string, string>> = {
  any: '2.5.29.37.0',
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
  'code signing': '1.3.6.1.5.5.7.3.3',
  'email protection': '1.3.6.1.5.5.7.3.4',
  's/mime': '1.3.6.1.5.5.7.3.4',
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: '1.3.6.1.5.5.7.3.8',
  'ocsp signing': '1.3.6.1.5.5.7.3.9',
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
};

/** Signs a certificate for the request, as PEM. Throws an Error for a usage that does not exist. */
export function signCertificate(
  request: CertificateRequest,
  authority: CertificateAuthority,
  policy: SigningPolicy,
  random: Random,
): string {
  const key = createPrivateKey(authority.privateKeyPem);
  const { algorithm, digest } = algorithmOf(key);
  const issuer = new X509Certificate(authority.certificatePem);
  const signed = sequence(
    writeDer(contextTag(0), integer(Uint8Array.of(2))),
    integer(serialNumber(random)),
    algorithm,
    subjectOf(issuer.raw),
    sequence(time(policy.notBeforeMs), time(policy.notAfterMs)),
    request.subject,
    request.publicKey,
    writeDer(contextTag(3), sequence(...extensions(request, issuer, policy.usages))),
  );
  return writePem('CERTIFICATE', sequence(signed, algorithm, bitString(sign(digest, signed, key))));
}

function serialNumber(random: Random): Uint8Array {
  const bytes = random.bytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

function algorithmOf(key: KeyObject): { algorithm: Uint8Array; digest: string | null } {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return { algorithm: sequence(oid('1.2.840.113549.1.1.11'), writeDer(tags.null)), digest: 'sha256' };
    case 'ec':
      return { algorithm: sequence(oid('1.2.840.10045.4.3.2')), digest: 'sha256' };
    case 'ed25519':
      return { algorithm: sequence(oid('1.3.101.112')), digest: null };
    default:
      throw new Error(
        `a certificate authority with a key of type ${key.asymmetricKeyType} can not sign: use RSA, EC or Ed25519`,
      );
  }
}

/** The subject in a certificate: the sixth element, or the fifth where the version is left out. */
function subjectOf(certificate: Uint8Array): Uint8Array {
  const fields = tbsFields(certificate);
  return fields[4]?.raw ?? new Uint8Array();
}

function tbsFields(certificate: Uint8Array) {
  const fields = children(children(readDer(certificate)[0])[0]);
  return fields[0]?.tag === contextTag(0) ? fields.slice(1) : fields;
}

function extensions(request: CertificateRequest, issuer: X509Certificate, usages: readonly string[]): Uint8Array[] {
  const bits = new Set<number>();
  const purposes = new Set<string>();
  for (const usage of usages) {
    const bit = keyUsages[usage];
    const purpose = extendedKeyUsages[usage];
    if (bit !== undefined) bits.add(bit);
    else if (purpose !== undefined) purposes.add(purpose);
    else throw new Error(`unrecognized usage values: ["${usage}"]`);
  }
  const result: Uint8Array[] = [];
  if (bits.size > 0) result.push(extension('2.5.29.15', true, usageBits(bits)));
  const ordered = [...new Set(Object.values(extendedKeyUsages))].filter((purpose) => purposes.has(purpose));
  if (ordered.length > 0) result.push(extension('2.5.29.37', false, sequence(...ordered.map(oid))));
  result.push(extension('2.5.29.19', true, sequence()));
  const identifier = keyIdentifier(issuer);
  result.push(extension('2.5.29.35', false, sequence(writeDer(contextTag(0, false), identifier))));
  // They are all that says who it is, where the subject is an empty sequence.
  const alone = request.subject.length === 2;
  if (request.alternativeNames) result.push(extension('2.5.29.17', alone, request.alternativeNames));
  return result;
}

function extension(id: string, critical: boolean, value: Uint8Array): Uint8Array {
  const flag = critical ? [writeDer(tags.boolean, Uint8Array.of(0xff))] : [];
  return sequence(oid(id), ...flag, writeDer(tags.octetString, value));
}

function usageBits(bits: ReadonlySet<number>): Uint8Array {
  const highest = Math.max(...bits);
  const bytes = new Uint8Array(Math.floor(highest / 8) + 1);
  for (const bit of bits) bytes[Math.floor(bit / 8)] = (bytes[Math.floor(bit / 8)] ?? 0) | (0x80 >> (bit % 8));
  return bitString(bytes, 7 - (highest % 8));
}

/** The issuer's own subject key identifier, else the digest of its key. */
function keyIdentifier(issuer: X509Certificate): Uint8Array {
  const fields = tbsFields(issuer.raw);
  for (const item of children(children(fields.find(({ tag }) => tag === contextTag(3)))[0])) {
    const parts = children(item);
    const [id, value] = [parts[0], parts.at(-1)];
    if (id && value && Buffer.from(id.raw).equals(Buffer.from(oid('2.5.29.14'))))
      return readDer(value.content)[0]?.content ?? new Uint8Array();
  }
  return createHash('sha1')
    .update(fields[5]?.content ?? new Uint8Array())
    .digest();
}
