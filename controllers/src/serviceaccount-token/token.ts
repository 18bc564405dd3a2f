import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import type { Secret, ServiceAccount } from '@coracle/apimachinery/types/core-v1';

export const legacyIssuer = 'kubernetes/serviceaccount';

/** A token without an end, bound to the secret that holds it. */
export function legacyToken(
  account: ServiceAccount,
  secret: Secret,
  privateKeyPem: string,
  issuer: string = legacyIssuer,
): string {
  const { name, namespace, uid } = account.metadata ?? {};
  const prefix = 'kubernetes.io/serviceaccount';
  return signToken(privateKeyPem, {
    iss: issuer,
    [`${prefix}/namespace`]: namespace,
    [`${prefix}/secret.name`]: secret.metadata?.name,
    [`${prefix}/service-account.name`]: name,
    [`${prefix}/service-account.uid`]: uid,
    sub: `system:serviceaccount:${namespace}:${name}`,
  });
}

/** A JSON web token in compact form (RFC 7519), signed with an RSA or EC key. */
function signToken(privateKeyPem: string, claims: Record<string, unknown>): string {
  const key = createPrivateKey(privateKeyPem);
  const { name, digest } = algorithmOf(key);
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const header = { alg: name, kid: createHash('sha256').update(spki).digest('base64url') };
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encode(header)}.${encode(claims)}`;
  const signature = sign(digest, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

function algorithmOf(key: KeyObject): { name: string; digest: string } {
  if (key.asymmetricKeyType === 'rsa') return { name: 'RS256', digest: 'sha256' };
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (curve === 'prime256v1') return { name: 'ES256', digest: 'sha256' };
  if (curve === 'secp384r1') return { name: 'ES384', digest: 'sha384' };
  if (curve === 'secp521r1') return { name: 'ES512', digest: 'sha512' };
  throw new Error('a service account key must be an RSA or EC private key in PEM');
}
