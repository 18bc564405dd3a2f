import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** One key of one algorithm. `context` is bound to the value where the algorithm can do that. */
export interface Cipher {
  seal(plain: Uint8Array, context: string): Uint8Array;
  /** Throws where the value was not sealed with this key (and context). */
  open(sealed: Uint8Array, context: string): Uint8Array;
}

const tooShort = 'the stored data was shorter than the required size';

const gcmNonceBytes = 12;
const gcmTagBytes = 16;

/** AES-GCM: nonce, ciphertext, tag (k8s.io/apiserver pkg/storage/value/encrypt/aes/aes.go). The context is authenticated. */
export function aesGcm(key: Buffer): Cipher {
  const algorithm = `aes-${key.length * 8}-gcm` as 'aes-256-gcm';
  const options = { authTagLength: gcmTagBytes };
  return {
    seal(plain, context) {
      const nonce = randomBytes(gcmNonceBytes);
      const cipher = createCipheriv(algorithm, key, nonce, options).setAAD(Buffer.from(context));
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    open(sealed, context) {
      if (sealed.length < gcmNonceBytes + gcmTagBytes) throw new Error(tooShort);
      const nonce = sealed.subarray(0, gcmNonceBytes);
      const end = sealed.length - gcmTagBytes;
      const cipher = createDecipheriv(algorithm, key, nonce, options).setAAD(Buffer.from(context));
      cipher.setAuthTag(sealed.subarray(end));
      try {
        return Buffer.concat([cipher.update(sealed.subarray(gcmNonceBytes, end)), cipher.final()]);
      } catch {
        throw new Error('cipher: message authentication failed');
      }
    },
  };
}

const blockBytes = 16;

/** AES-CBC with PKCS #7 padding: initialization vector, ciphertext. Authenticates nothing. */
export function aesCbc(key: Buffer): Cipher {
  const algorithm = `aes-${key.length * 8}-cbc`;
  return {
    seal(plain) {
      const vector = randomBytes(blockBytes);
      const cipher = createCipheriv(algorithm, key, vector);
      return Buffer.concat([vector, cipher.update(plain), cipher.final()]);
    },
    open(sealed) {
      if (sealed.length < blockBytes) throw new Error(tooShort);
      if (sealed.length % blockBytes !== 0) throw new Error('the stored data is not a multiple of the block size');
      const cipher = createDecipheriv(algorithm, key, sealed.subarray(0, blockBytes));
      try {
        return Buffer.concat([cipher.update(sealed.subarray(blockBytes)), cipher.final()]);
      } catch {
        throw new Error('invalid padding on input');
      }
    },
  };
}

const secretboxNonceBytes = 24;
const secretboxTagBytes = 16;

/** NaCl's secretbox, XSalsa20 and Poly1305: nonce, box. Its library is loaded for those who configure it. */
export async function secretbox(key: Buffer): Promise<Cipher> {
  const { xsalsa20poly1305 } = await import('@noble/ciphers/salsa.js');
  return {
    seal(plain) {
      const nonce = randomBytes(secretboxNonceBytes);
      return Buffer.concat([nonce, xsalsa20poly1305(key, nonce).encrypt(plain)]);
    },
    open(sealed) {
      if (sealed.length < secretboxNonceBytes + secretboxTagBytes) throw new Error(tooShort);
      const nonce = sealed.subarray(0, secretboxNonceBytes);
      return Buffer.from(xsalsa20poly1305(key, nonce).decrypt(sealed.subarray(secretboxNonceBytes)));
    },
  };
}
