import type { KeyObject } from 'node:crypto';
import { keyOfRequest } from '../../auth/certificate-request.ts';

/** What is to be said of a PKCS#10 request of which the key alone is of interest. */
export interface KeyRequest {
  /** Signed with its own key. */
  readonly isSigned: boolean;
  /** Why nobody may ask for a certificate of such a key. */
  readonly problem?: { readonly value?: string; readonly detail: string };
}

/** By OpenSSL's names. */
const curves = ['prime256v1', 'secp384r1', 'secp521r1'];
/** As Go calls one of the others that it reads. */
const otherCurves: Readonly<Record<string, string>> = { secp224r1: 'P-224' };
const modulusBits = [3072, 4096];

/** Undefined where the bytes are no request, or one of a key that nobody knows. */
export async function readKeyRequest(der: Buffer): Promise<KeyRequest | undefined> {
  try {
    const { key, isSigned } = await keyOfRequest(der);
    const problem = keyProblem(key);
    return { isSigned: problem === undefined && (await isSigned()), ...(problem && { problem }) };
  } catch {
    return undefined;
  }
}

function keyProblem({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): KeyRequest['problem'] {
  switch (asymmetricKeyType) {
    case 'ed25519':
      return undefined;
    case 'ec': {
      const { namedCurve = '' } = asymmetricKeyDetails ?? {};
      if (curves.includes(namedCurve)) return undefined;
      const value = `curve ${otherCurves[namedCurve] ?? namedCurve}`;
      return { value, detail: 'elliptic public keys must use curve P256, P384, or P521' };
    }
    case 'rsa': {
      const { modulusLength = 0 } = asymmetricKeyDetails ?? {};
      if (modulusBits.includes(modulusLength)) return undefined;
      return { value: `${modulusLength}-bit modulus`, detail: 'RSA keys must have modulus size 3072 or 4096' };
    }
    default:
      return { detail: 'unknown public key type; supported types are Ed25519, ECDSA, and RSA' };
  }
}
