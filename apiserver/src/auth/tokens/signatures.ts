import { constants, type KeyObject, sign, verify } from 'node:crypto';
import type { UnverifiedToken } from './json-web-token.ts';

interface Scheme {
  readonly keyType: 'rsa' | 'ec';
  readonly hash: string;
  /** Of `ec`. */
  readonly curve?: string;
  readonly isProbabilistic?: boolean;
}

/** What a key signs with here is the first that fits it. */
const schemes: ReadonlyMap<string, Scheme> = new Map([
  ...['256', '384', '512'].flatMap((bits): [string, Scheme][] => [
    [`RS${bits}`, { keyType: 'rsa', hash: `sha${bits}` }],
    [`PS${bits}`, { keyType: 'rsa', hash: `sha${bits}`, isProbabilistic: true }],
  ]),
  ['ES256', { keyType: 'ec', hash: 'sha256', curve: 'prime256v1' }],
  ['ES384', { keyType: 'ec', hash: 'sha384', curve: 'secp384r1' }],
  ['ES512', { keyType: 'ec', hash: 'sha512', curve: 'secp521r1' }],
]);

/** `alg` of tokens that may be believed at all, sorted: those with a public key (RFC 7518, 3.1). */
export const signingAlgorithms: readonly string[] = [...schemes.keys()].toSorted();

/** The `alg` of what a key signs. Throws where it signs no tokens. */
export function algorithmOf(key: KeyObject): string {
  for (const [algorithm, scheme] of schemes) if (fits(scheme, key)) return algorithm;
  throw new Error(
    `a key of type ${key.asymmetricKeyType} cannot sign tokens: use RSA or an elliptic curve P-256, P-384, P-521`,
  );
}

/** By the key's own algorithm, as `algorithmOf` says it. */
export function signatureOf(signingInput: string, key: KeyObject): Buffer {
  const { hash } = schemes.get(algorithmOf(key)) as Scheme;
  return sign(hash, Buffer.from(signingInput), { key, dsaEncoding });
}

/** Whether the key signed the token, by the algorithm that the token names. */
export function verifySignature({ header, signingInput, signature }: UnverifiedToken, key: KeyObject): boolean {
  const scheme = schemes.get(String(header.alg));
  if (scheme === undefined || !fits(scheme, key)) return false;
  const padding = scheme.isProbabilistic
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO }
    : {};
  return verify(scheme.hash, Buffer.from(signingInput), { key, dsaEncoding, ...padding }, signature);
}

/** Of elliptic curves: RFC 7518, 3.4. */
const dsaEncoding = 'ieee-p1363';

function fits({ keyType, curve }: Scheme, key: KeyObject): boolean {
  return key.asymmetricKeyType === keyType && key.asymmetricKeyDetails?.namedCurve === curve;
}
