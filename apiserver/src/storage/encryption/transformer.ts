import { Buffer } from 'node:buffer';
import type { Cipher } from './ciphers.ts';
import { aesCbc, aesGcm, secretbox } from './ciphers.ts';
import type { KeyConfig, ProviderConfig } from './configuration.ts';

/** What a resource's values become in the store. */
export interface ValueTransformer {
  /** `key` is the value's whole key in the store. */
  seal(plain: Uint8Array, key: string): Uint8Array;
  /** `stale`: it would be sealed another way now. Throws where no key opens it. */
  open(stored: Uint8Array, key: string): { readonly value: Uint8Array; readonly stale: boolean };
}

/** Every sealed value begins with it. */
const sealedPrefix = Buffer.from('k8s:enc:');

/** True of what some provider sealed: neither JSON nor Kubernetes protobuf begins like this. */
export function isSealed(stored: Uint8Array): boolean {
  if (stored.length < sealedPrefix.length || stored[0] !== sealedPrefix[0]) return false;
  return Buffer.compare(stored.subarray(0, sealedPrefix.length), sealedPrefix) === 0;
}

/** One key of one provider, or identity. */
interface Step {
  /** Undefined: the value as it is. */
  readonly cipher: Cipher | undefined;
  readonly prefix: Buffer;
}

/**
 * The first key writes, all of them read; keys of the same prefix are tried in turn, as two providers may name theirs
 * alike (k8s.io/apiserver pkg/storage/value/transformer.go).
 */
export async function createTransformer(providers: readonly ProviderConfig[]): Promise<ValueTransformer> {
  const groups = await Promise.all(providers.map(stepsOf));
  const steps = groups.flat();
  const first = steps[0] as Step;
  return {
    seal(plain, key) {
      return first.cipher === undefined ? plain : Buffer.concat([first.prefix, first.cipher.seal(plain, key)]);
    },
    open(stored, key) {
      if (!isSealed(stored)) return openPlain(steps, stored);
      return openSealed(steps, stored, key);
    },
  };
}

/** Without identity among the providers, a value in plain text is not believed. */
function openPlain(steps: readonly Step[], stored: Uint8Array) {
  const index = steps.findIndex(({ cipher }) => cipher === undefined);
  if (index < 0) throw new Error('no matching prefix found');
  return { value: stored, stale: index > 0 };
}

function openSealed(steps: readonly Step[], stored: Uint8Array, key: string) {
  const errors: string[] = [];
  for (const [index, { cipher, prefix }] of steps.entries()) {
    if (cipher === undefined || !startsWith(stored, prefix)) continue;
    try {
      return { value: cipher.open(stored.subarray(prefix.length), key), stale: index > 0 };
    } catch (error) {
      errors.push((error as Error).message);
    }
  }
  throw new Error(errors.length === 0 ? 'no matching prefix found' : errors.join(', '));
}

async function stepsOf({ aesgcm, aescbc, secretbox: box }: ProviderConfig): Promise<Step[]> {
  if (aesgcm !== undefined) return keysOf('aesgcm', aesgcm.keys, aesGcm);
  if (aescbc !== undefined) return keysOf('aescbc', aescbc.keys, aesCbc);
  if (box !== undefined) return keysOf('secretbox', box.keys, secretbox);
  return [{ cipher: undefined, prefix: Buffer.alloc(0) }];
}

function keysOf(
  provider: string,
  keys: readonly KeyConfig[],
  make: (key: Buffer) => Cipher | Promise<Cipher>,
): Promise<Step[]> {
  return Promise.all(
    keys.map(async ({ name, secret }) => {
      const cipher = await make(Buffer.from(secret, 'base64'));
      return { cipher, prefix: Buffer.from(`k8s:enc:${provider}:v1:${name}:`) };
    }),
  );
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length && Buffer.compare(bytes.subarray(0, prefix.length), prefix) === 0;
}
