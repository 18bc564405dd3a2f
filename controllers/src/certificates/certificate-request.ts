import { createPublicKey, verify } from 'node:crypto';
import { children, contextTag, type DerNode, readDer, readOid, readPem, tags } from './der.ts';
import { type AlternativeNames, encodeAlternativeNames, readAlternativeNames, readSubject } from './names.ts';

/** What a PKCS#10 request asks for (RFC 2986). */
export interface CertificateRequest extends AlternativeNames {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** As it goes into the certificate. */
  readonly subject: Uint8Array;
  readonly publicKey: Uint8Array;
  /** As they go into the certificate; absent where there are none. */
  readonly alternativeNames?: Uint8Array;
}

const extensionRequestOid = '1.2.840.113549.1.9.14';
const alternativeNamesOid = '2.5.29.17';

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
  const der = readPem(Buffer.from(base64, 'base64').toString('latin1'), 'CERTIFICATE REQUEST');
  if (!der) throw new Error('PEM block type must be CERTIFICATE REQUEST');
  const [info, algorithm, signature] = children(readDer(der)[0]);
  const [, subject, publicKey, attributes] = children(info);
  if (!info || !subject || !publicKey || !signature) throw new Error('asn1: structure error');
  checkSignature(info.raw, publicKey.raw, readOid(children(algorithm)[0]), signature.content.subarray(1));
  const { encoded, ...who } = readSubject(subject);
  const names = readAlternativeNames(alternativeNamesIn(attributes));
  const alternativeNames = encodeAlternativeNames(names);
  return {
    ...who,
    ...names,
    subject: encoded,
    publicKey: publicKey.raw,
    ...(alternativeNames && { alternativeNames }),
  };
}

function checkSignature(signed: Uint8Array, publicKey: Uint8Array, algorithm: string, signature: Uint8Array): void {
  const digest = signatureDigests[algorithm];
  if (digest === undefined) throw new Error(`x509: unsupported signature algorithm ${algorithm}`);
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
  if (!verify(digest, signed, key, signature)) throw new Error('x509: the request is not signed with its own key');
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
