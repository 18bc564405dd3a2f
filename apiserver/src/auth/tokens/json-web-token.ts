import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** A compact JWS that was taken apart, not yet believed. */
export interface UnverifiedToken {
  readonly header: { readonly alg?: unknown; readonly kid?: unknown };
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signingInput: string;
  readonly signature: Buffer;
}

type Algorithm = 'ES256' | 'ES384' | 'ES512' | 'RS256';

const hashOf: Record<Algorithm, string> = { ES256: 'sha256', ES384: 'sha384', ES512: 'sha512', RS256: 'sha256' };
const algorithmOfCurve: Readonly<Record<string, Algorithm>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

/** Base64url without padding; Node's decoder reads past what is none. */
const compactForm = /^[\w-]*\.[\w-]*\.[\w-]*$/;

/** Undefined where the text is no token of three parts. */
export function parseToken(token: string): UnverifiedToken | undefined {
  if (!compactForm.test(token)) return undefined;
  const [header = '', payload = '', signature = ''] = token.split('.');
  const decodedHeader = parseObject(header);
  const claims = parseObject(payload);
  if (decodedHeader === undefined || claims === undefined) return undefined;
  return {
    header: decodedHeader,
    claims,
    signingInput: token.slice(0, token.lastIndexOf('.')),
    signature: Buffer.from(signature, 'base64url'),
  };
}

/** A public key that tokens are checked with, under the id that tokens name it by. */
export class VerifyingKey {
  readonly id: string;
  readonly algorithm: Algorithm;
  readonly key: KeyObject;

  /** `pem` is a public key, a certificate, or a private key whose public half counts. Throws where it cannot be used. */
  constructor(pem: string) {
    this.key = createPublicKey(pem);
    this.algorithm = algorithmOf(this.key);
    this.id = createHash('sha256')
      .update(this.key.export({ type: 'spki', format: 'der' }))
      .digest('base64url');
  }

  verifies({ header, signingInput, signature }: UnverifiedToken): boolean {
    if (header.alg !== this.algorithm) return false;
    const key = { key: this.key, dsaEncoding: 'ieee-p1363' } as const;
    return verify(hashOf[this.algorithm], Buffer.from(signingInput), key, signature);
  }

  /** RFC 7517, as `/openid/v1/jwks` shows it. */
  toJsonWebKey(): Record<string, unknown> {
    const { kty, ...rest } = this.key.export({ format: 'jwk' });
    return { use: 'sig', kty, kid: this.id, alg: this.algorithm, ...rest };
  }
}

export function signToken(key: KeyObject, verifyingKey: VerifyingKey, claims: object): string {
  const { algorithm, id } = verifyingKey;
  const signingInput = `${encodeObject({ alg: algorithm, kid: id })}.${encodeObject(claims)}`;
  const signature = sign(hashOf[algorithm], Buffer.from(signingInput), { key, dsaEncoding: 'ieee-p1363' });
  return `${signingInput}.${signature.toString('base64url')}`;
}

function algorithmOf(key: KeyObject): Algorithm {
  if (key.asymmetricKeyType === 'rsa') return 'RS256';
  const algorithm = algorithmOfCurve[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (algorithm === undefined) {
    throw new Error(
      `a key of type ${key.asymmetricKeyType} cannot sign tokens: use RSA or an elliptic curve P-256, P-384, P-521`,
    );
  }
  return algorithm;
}

function encodeObject(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
