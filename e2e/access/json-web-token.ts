import { constants, type KeyObject, sign } from 'node:crypto';

/** Of a header or of claims; what is undefined is left out. */
export type Fields = Readonly<Record<string, unknown>>;

/** A token as somebody would make it (RFC 7519), signed by the algorithm that its header names (RFC 7518, RFC 8037). */
export function signed(header: Fields & { readonly alg: string }, claims: Fields, key: KeyObject): string {
  const input = `${encode(header)}.${encode(claims)}`;
  const padding = header.alg.startsWith('PS') ? { padding: constants.RSA_PKCS1_PSS_PADDING } : {};
  const signature = sign(hashOf(header.alg), Buffer.from(input), { key, dsaEncoding: 'ieee-p1363', ...padding });
  return `${input}.${signature.toString('base64url')}`;
}

/** A token with some claims other than it had, under its own header. */
export function resigned(token: string, claims: Fields, key: KeyObject): string {
  const [header = ''] = token.split('.');
  return signed(decode(header), { ...claimsOf(token), ...claims }, key);
}

export function unsigned(claims: Fields): string {
  return `${encode({ alg: 'none' })}.${encode(claims)}.`;
}

export function claimsOf(token: string): Fields {
  const [, payload = ''] = token.split('.');
  return decode<Fields>(payload);
}

/** The last part of its name; EdDSA hashes by itself. */
function hashOf(algorithm: string): string | null {
  return algorithm === 'EdDSA' ? null : `sha${algorithm.slice(-3)}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode<T = Fields & { readonly alg: string }>(text: string): T {
  return JSON.parse(Buffer.from(text, 'base64url').toString()) as T;
}
