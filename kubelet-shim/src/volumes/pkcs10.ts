import { generateKeyPair, type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';

const generate = promisify(generateKeyPair);

export interface KeyAndProof {
  /** PKCS#8, PEM. */
  readonly key: string;
  /** A certificate request without a subject, DER: proof that whoever sends it has the key. */
  readonly request: Buffer;
}

interface KeyType {
  readonly make: () => Promise<{ readonly publicKey: KeyObject; readonly privateKey: KeyObject }>;
  /** Of the signature; null where the algorithm brings its own. */
  readonly digest: string | null;
  /** AlgorithmIdentifier of the signature, DER. */
  readonly algorithm: string;
}

const rsa = (modulusLength: number): KeyType => ({
  make: () => generate('rsa', { modulusLength }),
  digest: 'sha256',
  algorithm: '300d06092a864886f70d01010b0500',
});
const ecdsa = (namedCurve: string, digest: string, last: string): KeyType => ({
  make: () => generate('ec', { namedCurve }),
  digest,
  algorithm: `300a06082a8648ce3d0403${last}`,
});

const keyTypes: Readonly<Record<string, KeyType>> = {
  RSA3072: rsa(3072),
  RSA4096: rsa(4096),
  ECDSAP256: ecdsa('P-256', 'sha256', '02'),
  ECDSAP384: ecdsa('P-384', 'sha384', '03'),
  ECDSAP521: ecdsa('P-521', 'sha512', '04'),
  ED25519: { make: () => generate('ed25519'), digest: null, algorithm: '300506032b6570' },
};

/** A new key of the named type with its certificate request (RFC 2986). Throws on an unknown type. */
export async function makeKeyAndProof(type: string): Promise<KeyAndProof> {
  const keyType = keyTypes[type];
  if (!keyType) throw new Error(`unknown key type "${type}"`);
  const { publicKey, privateKey } = await keyType.make();
  const version = Buffer.from([0x02, 0x01, 0x00]);
  const subject = sequence();
  const attributes = Buffer.from([0xa0, 0x00]);
  const info = sequence(version, subject, publicKey.export({ type: 'spki', format: 'der' }), attributes);
  const signature = sign(keyType.digest, info, privateKey);
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    request: sequence(
      info,
      Buffer.from(keyType.algorithm, 'hex'),
      tagged(0x03, Buffer.concat([Buffer.from([0]), signature])),
    ),
  };
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
