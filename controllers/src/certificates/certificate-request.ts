import { createPublicKey, verify } from 'node:crypto';
import { children, contextTag, type DerNode, readDer, readOid, readPem, tags } from './der.ts';

/** What a PKCS#10 request asks for (RFC 2986). */
export interface CertificateRequest {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly uris: readonly string[];
  /** Subject and public key as they are encoded, to be copied into the certificate. */
  readonly subject: Uint8Array;
  readonly publicKey: Uint8Array;
  /** The subject alternative names as they are encoded, when there are any. */
  readonly alternativeNames?: Uint8Array;
}

const commonNameOid = '2.5.4.3';
const organizationOid = '2.5.4.10';
const extensionRequestOid = '1.2.840.113549.1.9.14';
const alternativeNamesOid = '2.5.29.17';
const generalNames = { email: 1, dns: 2, uri: 6, ip: 7 } as const;

/** Digest of each signature algorithm; null where the algorithm has its own. */
const signatureDigests: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.5': 'sha1',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
};

/** Reads `spec.request` (base64 of PEM) and checks that it is signed with its own key. Throws an Error that says what is wrong. */
export function parseCertificateRequest(base64: string): CertificateRequest {
  const der = readPem(Buffer.from(base64, 'base64').toString('latin1'), '(?:NEW )?CERTIFICATE REQUEST');
  if (!der) throw new Error('PEM block type must be CERTIFICATE REQUEST');
  const [info, algorithm, signature] = children(readDer(der)[0]);
  const [, subject, publicKey, attributes] = children(info);
  if (!info || !subject || !publicKey || !signature) throw new Error('asn1: structure error');
  checkSignature(info.raw, publicKey.raw, readOid(children(algorithm)[0]), signature.content.subarray(1));
  const names = alternativeNamesIn(attributes);
  return {
    commonName: attributeValues(subject, commonNameOid)[0] ?? '',
    organizations: attributeValues(subject, organizationOid),
    ...readNames(names),
    subject: subject.raw,
    publicKey: publicKey.raw,
    ...(names ? { alternativeNames: names.raw } : {}),
  };
}

function checkSignature(signed: Uint8Array, publicKey: Uint8Array, algorithm: string, signature: Uint8Array): void {
  const digest = signatureDigests[algorithm];
  if (digest === undefined) throw new Error(`x509: unsupported signature algorithm ${algorithm}`);
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
  if (!verify(digest, signed, key, signature)) throw new Error('x509: the request is not signed with its own key');
}

function attributeValues(name: DerNode, wanted: string): string[] {
  return children(name)
    .flatMap(children)
    .flatMap((attribute) => {
      const [type, value] = children(attribute);
      return readOid(type) === wanted && value ? [Buffer.from(value.content).toString('utf8')] : [];
    });
}

/** The GeneralNames inside the extension request. */
function alternativeNamesIn(attributes: DerNode | undefined): DerNode | undefined {
  if (attributes?.tag !== contextTag(0)) return undefined;
  for (const attribute of children(attributes)) {
    const [type, values] = children(attribute);
    if (readOid(type) !== extensionRequestOid) continue;
    for (const extension of children(children(values)[0])) {
      const parts = children(extension);
      const value = parts.at(-1);
      if (readOid(parts[0]) === alternativeNamesOid && value?.tag === tags.octetString)
        return readDer(value.content)[0];
    }
  }
  return undefined;
}

function readNames(
  names: DerNode | undefined,
): Pick<CertificateRequest, 'dnsNames' | 'ipAddresses' | 'emailAddresses' | 'uris'> {
  const of = (kind: number) => children(names).filter(({ tag }) => tag === contextTag(kind, false));
  const texts = (kind: number) => of(kind).map(({ content }) => Buffer.from(content).toString('latin1'));
  return {
    dnsNames: texts(generalNames.dns),
    emailAddresses: texts(generalNames.email),
    uris: texts(generalNames.uri),
    ipAddresses: of(generalNames.ip).map(({ content }) => ipText(content)),
  };
}

function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups: string[] = [];
  for (let index = 0; index + 1 < bytes.length; index += 2) {
    groups.push((((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0)).toString(16));
  }
  return groups.join(':');
}
