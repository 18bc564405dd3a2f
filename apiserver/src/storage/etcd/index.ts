import type { Environment } from '@coracle/apimachinery/component';
import type { Storage } from '../storage.ts';

export interface EtcdStorageOptions {
  /** URLs such as `https://10.0.0.1:2379`; all of one scheme. */
  readonly endpoints: readonly string[];
  readonly environment: Environment;
  /** PEM. */
  readonly tls?: { readonly authority: string; readonly certificate?: string; readonly key?: string };
  readonly auth?: { readonly username: string; readonly password: string };
}

/** Connects to an etcd 3.5 or later, which other API servers may share. Throws UnavailableError where it does not answer. */
export async function openEtcdStorage(options: EtcdStorageOptions): Promise<Storage> {
  // The clients take a tenth of a second to load: not for those who keep their cluster elsewhere.
  const { EtcdStorage } = await import('./etcd-storage.ts');
  return EtcdStorage.open(options);
}
