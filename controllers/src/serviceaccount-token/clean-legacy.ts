import { Secrets } from '@coracle/apimachinery/resources';
import type { Secret } from '@coracle/apimachinery/types/core-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import { keyOf, objectKey, type StartController, splitKey } from '../runtime/index.ts';
import { ignoreNotFound } from '../shared/index.ts';

const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since';
const lastUsedLabel = 'kubernetes.io/legacy-token-last-used';
/** `--legacy-service-account-token-clean-up-period`. */
const cleanUpMs = 365 * 24 * 3_600_000;

/** Deletes token secrets that were marked invalid a year ago and were not used since. */
export const startLegacyTokenCleaner: StartController = ({ client, informers, clock, loop }) => {
  const secrets = informers.for(Secrets);
  const queue: WorkQueue = loop({ workers: 1, reconcile });
  const look = (secret: Secret): void => {
    if (secret.metadata?.labels?.[invalidSinceLabel]) queue.add(keyOf(secret));
  };
  secrets.addHandler({ added: look, updated: look });

  async function reconcile(key: string): Promise<void> {
    const { name, namespace } = splitKey(key);
    const secret = secrets.lister.get(name, namespace);
    const labels = secret?.metadata?.labels;
    const since = Date.parse(labels?.[invalidSinceLabel] ?? '');
    if (!secret || secret.type !== 'kubernetes.io/service-account-token' || Number.isNaN(since)) return;
    const lastUsed = Date.parse(labels?.[lastUsedLabel] ?? '');
    if (lastUsed > since) return;
    const wait = since + cleanUpMs - clock.now();
    if (wait > 0) return queue.addAfter(key, wait);
    const preconditions = { uid: secret.metadata?.uid ?? '' };
    await ignoreNotFound(client.delete(Secrets, objectKey(secret), { preconditions }));
  }
};
