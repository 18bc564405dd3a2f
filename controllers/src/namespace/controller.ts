import { Namespaces, Pods } from '@coracle/apimachinery/resources';
import type { Namespace } from '@coracle/apimachinery/types/core-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import { keyOf, type StartController } from '../runtime/index.ts';
import { isTerminating, messageOf, parseTime } from '../shared/index.ts';
import { isStatus } from '@coracle/apimachinery/errors';
import { namespaceConditions } from './conditions.ts';
import { deleteContent } from './delete-content.ts';

const finalizer = 'kubernetes';

/** Empties namespaces that are being deleted, then lets them go. */
export const startNamespace: StartController = ({ client, informers, discovery, clock, loop }) => {
  const namespaces = informers.for(Namespaces);
  const queue: WorkQueue = loop({ workers: 10, reconcile });
  const queueTerminating = (namespace: Namespace): void => {
    if (isTerminating(namespace)) queue.add(keyOf(namespace));
  };
  namespaces.addHandler({ added: queueTerminating, updated: queueTerminating });
  informers.for(Pods).addHandler({
    deleted(pod) {
      const namespace = namespaces.lister.get(pod.metadata?.namespace ?? '');
      if (namespace) queueTerminating(namespace);
    },
  });

  async function reconcile(key: string): Promise<void> {
    try {
      await deleteNamespace(key);
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error;
    }
  }

  async function deleteNamespace(key: string): Promise<void> {
    const cached = namespaces.lister.get(key);
    if (!cached || !isTerminating(cached)) return;
    let namespace = await client.get(Namespaces, { name: key });
    if (!isTerminating(namespace)) return;
    if (namespace.status?.phase !== 'Terminating') {
      const status = { ...namespace.status, phase: 'Terminating' };
      namespace = await client.update(Namespaces, { ...namespace, status }, { subresource: 'status' });
    }
    if ((namespace.spec?.finalizers ?? []).length === 0) return;

    const discoveryError = await discovery.refresh().then(() => undefined, messageOf);
    const deletedForMs = clock.now() - (parseTime(namespace.metadata?.deletionTimestamp) ?? 0);
    const result = await deleteContent(client, key, discovery.resources, deletedForMs);
    const outcome = discoveryError === undefined ? result : { ...result, discoveryError };
    const conditions = namespaceConditions(namespace.status?.conditions, outcome, clock.now());
    if (conditions !== namespace.status?.conditions) {
      const status = { ...namespace.status, conditions: [...conditions] };
      namespace = await client.update(Namespaces, { ...namespace, status }, { subresource: 'status' });
    }
    const failure = [...(discoveryError === undefined ? [] : [discoveryError]), ...result.contentErrors];
    if (failure.length > 0) throw new Error(failure.join('; '));
    if (result.estimateSeconds > 0) {
      queue.addAfter(key, (Math.floor(result.estimateSeconds / 2) + 1) * 1000);
      return;
    }
    const finalizers = (namespace.spec?.finalizers ?? []).filter((name) => name !== finalizer);
    await client.update(
      Namespaces,
      { ...namespace, spec: { ...namespace.spec, finalizers } },
      { subresource: 'finalize' },
    );
  }
};
