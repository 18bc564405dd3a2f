import { Namespaces, ServiceAccounts } from '@coracle/apimachinery/resources';
import type { WorkQueue } from '@coracle/client/workqueue';
import { queueSelf, type StartController } from '../runtime/index.ts';
import { isNamespaceTerminating } from '../shared/index.ts';
import { isStatus } from '@coracle/apimachinery/errors';

const accountName = 'default';

/** Gives every active namespace its `default` service account. */
export const startServiceAccount: StartController = ({ client, informers, loop }) => {
  const namespaces = informers.for(Namespaces);
  const accounts = informers.for(ServiceAccounts);
  const queue: WorkQueue = loop({ workers: 1, reconcile });
  namespaces.addHandler(queueSelf(queue));
  accounts.addHandler({
    deleted: ({ metadata }) => {
      if (metadata?.name === accountName) queue.add(metadata.namespace ?? '');
    },
  });

  async function reconcile(namespace: string): Promise<void> {
    if (namespaces.lister.get(namespace)?.status?.phase !== 'Active') return;
    if (accounts.lister.get(accountName, namespace)) return;
    const account = { apiVersion: 'v1', kind: ServiceAccounts.kind, metadata: { name: accountName, namespace } };
    try {
      await client.create(ServiceAccounts, account);
    } catch (error) {
      if (!isStatus(error, 'AlreadyExists') && !isNamespaceTerminating(error)) throw error;
    }
  }
};
