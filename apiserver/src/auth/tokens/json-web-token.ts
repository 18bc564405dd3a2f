import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { algorithmOf, signatureOf, verifySignature } from './signatures.ts';

/** A compact JWS that was taken apart, not yet believed. */
export interface UnverifiedToken {
  readonly header: { readonly alg?: unknown; readonly kid?: unknown };
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signingInput: string;
  readonly signature: Buffer;
}

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
  readonly algorithm: string;
  readonly key: KeyObject;

  /** `pem` is a public key, a certificate, or a private key whose public half counts. Throws where it cannot be used. */
  constructor(pem: string) {
    this.key = createPublicKey(pem);
    this.algorithm = algorithmOf(this.key);
    this.id = createHash('sha256')
      .update(this.key.export({ type: 'spki', format: 'der' }))
      .digest('base64url');
  }

  verifies(token: UnverifiedToken): boolean {
    return token.header.alg === this.algorithm && verifySignature(token, this.key);
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
  return `${signingInput}.${signatureOf(signingInput, key).toString('base64url')}`;
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
