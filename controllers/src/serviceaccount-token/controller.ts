import { isStatus } from '@coracle/apimachinery/errors';
import { Secrets, ServiceAccounts } from '@coracle/apimachinery/resources';
import type { Secret, ServiceAccount } from '@coracle/apimachinery/types/core-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import { keyOf, type StartController, splitKey } from '../runtime/index.ts';
import { ignoreNotFound } from '../shared/index.ts';
import { legacyToken } from './token.ts';

const tokenType = 'kubernetes.io/service-account-token';
const accountName = 'kubernetes.io/service-account.name';
const accountUid = 'kubernetes.io/service-account.uid';

/** Fills the token secrets that people make for service accounts, and deletes them with the account. */
export const startServiceAccountToken: StartController = ({ client, informers, signing, loop }) => {
  const secrets = informers.for(Secrets);
  const accounts = informers.for(ServiceAccounts);
  const queue: WorkQueue = loop({ reconcile });
  const look = (secret: Secret): void => {
    if (secret.type === tokenType) queue.add(keyOf(secret));
  };
  const lookFor = ({ metadata }: ServiceAccount): void => {
    for (const secret of secrets.lister.list(metadata?.namespace)) {
      if (secret.metadata?.annotations?.[accountName] === metadata?.name) look(secret);
    }
  };
  secrets.addHandler({ added: look, updated: look });
  accounts.addHandler({ added: lookFor, deleted: lookFor });

  async function reconcile(key: string): Promise<void> {
    const { name, namespace } = splitKey(key);
    const secret = secrets.lister.get(name, namespace);
    if (!secret || secret.type !== tokenType) return;
    const account = await accountOf(secret);
    if (!account) {
      const preconditions = { uid: secret.metadata?.uid ?? '' };
      return ignoreNotFound(client.delete(Secrets, { name, namespace }, { preconditions }));
    }
    const complete = completeSecret(secret, account);
    if (complete) await client.update(Secrets, complete);
  }

  /** A secret is not deleted on the word of a cache that may be behind. */
  async function accountOf({ metadata }: Secret): Promise<ServiceAccount | undefined> {
    const name = metadata?.annotations?.[accountName] ?? '';
    const uid = metadata?.annotations?.[accountUid];
    const isRight = (account: ServiceAccount | undefined) =>
      account !== undefined && (!uid || account.metadata?.uid === uid);
    const cached = accounts.lister.get(name, metadata?.namespace);
    if (isRight(cached)) return cached;
    try {
      const live = await client.get(ServiceAccounts, { name, namespace: metadata?.namespace });
      return isRight(live) ? live : undefined;
    } catch (error) {
      if (isStatus(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  /** The secret with all that belongs in it; undefined when it is all there. */
  function completeSecret(secret: Secret, account: ServiceAccount): Secret | undefined {
    const ca = Buffer.from(signing.rootCaPem).toString('base64');
    const { namespace = '' } = secret.metadata ?? {};
    if (secret.data?.['token'] && secret.data['namespace'] && secret.data['ca.crt'] === ca) return undefined;
    const token =
      secret.data?.['token'] ??
      Buffer.from(
        legacyToken(account, secret, signing.serviceAccountPrivateKeyPem, signing.legacyTokenIssuer),
      ).toString('base64');
    const annotations = {
      ...secret.metadata?.annotations,
      [accountName]: account.metadata?.name ?? '',
      [accountUid]: account.metadata?.uid ?? '',
    };
    return {
      ...secret,
      metadata: { ...secret.metadata, annotations },
      data: { ...secret.data, 'ca.crt': ca, namespace: Buffer.from(namespace).toString('base64'), token },
    };
  }
};
