import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { UnverifiedToken } from '../tokens/json-web-token.ts';

interface Scheme {
  readonly keyType: 'rsa' | 'ec';
  readonly hash: string;
  /** Of `ec`. */
  readonly curve?: string;
  readonly isProbabilistic?: boolean;
}

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

/** A key of an issuer's set; `key` is undefined where it is of a kind that signs no tokens here. */
export interface IssuerKey {
  readonly id: string;
  readonly key: KeyObject | undefined;
}

/** Keys of a JSON Web Key Set, RFC 7517. Throws where the document is none, or a key in it cannot be read. */
export function parseKeySet(document: unknown): IssuerKey[] {
  const keys = (document as { keys?: unknown } | null)?.keys ?? [];
  if (!Array.isArray(keys)) throw new Error('json: cannot unmarshal keys into a list');
  return keys.map(parseKey);
}

function parseKey(value: unknown): IssuerKey {
  const jwk = value as Readonly<Record<string, unknown>>;
  const { kty, crv, kid } = jwk;
  const id = typeof kid === 'string' ? kid : '';
  if (kty === 'oct' || (kty === 'OKP' && crv === 'Ed25519')) return { id, key: undefined };
  if (kty !== 'RSA' && kty !== 'EC') {
    throw new Error(`go-jose/go-jose: unknown json web key type '${typeof kty === 'string' ? kty : ''}'`);
  }
  return { id, key: createPublicKey({ key: jwk, format: 'jwk' }) };
}

/** Whether the key signed the token, by the algorithm that the token names. */
export function verifySignature({ header, signingInput, signature }: UnverifiedToken, key: KeyObject): boolean {
  const scheme = schemes.get(String(header.alg));
  if (scheme === undefined || key.asymmetricKeyType !== scheme.keyType) return false;
  if (scheme.curve !== undefined && key.asymmetricKeyDetails?.namedCurve !== scheme.curve) return false;
  const padding = scheme.isProbabilistic
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO }
    : {};
  return verify(scheme.hash, Buffer.from(signingInput), { key, dsaEncoding: 'ieee-p1363', ...padding }, signature);
}
