import { isStatus } from '@coracle/apimachinery/errors';
import { ConfigMaps, Namespaces } from '@coracle/apimachinery/resources';
import type { ConfigMap } from '@coracle/apimachinery/types/core-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import { queueSelf, type StartController } from '../runtime/index.ts';
import { deepEqual, isNamespaceTerminating } from '../shared/index.ts';

const name = 'kube-root-ca.crt';
const descriptionAnnotation = 'kubernetes.io/description';
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal ' +
  'service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

/** Keeps the cluster's certificate authority in a ConfigMap of every namespace. */
export const startRootCaCertificate: StartController = ({ client, informers, signing, loop }) => {
  const namespaces = informers.for(Namespaces);
  const configMaps = informers.for(ConfigMaps);
  const queue: WorkQueue = loop({ workers: 1, reconcile });
  const queueOwn = ({ metadata }: ConfigMap): void => {
    if (metadata?.name === name) queue.add(metadata.namespace ?? '');
  };
  namespaces.addHandler(queueSelf(queue));
  configMaps.addHandler({ updated: queueOwn, deleted: queueOwn });

  async function reconcile(namespace: string): Promise<void> {
    if (namespaces.lister.get(namespace)?.status?.phase !== 'Active') return;
    const current = configMaps.lister.get(name, namespace);
    const data = { 'ca.crt': signing.rootCaPem };
    if (current && deepEqual(current.data, data) && current.metadata?.annotations?.[descriptionAnnotation]) return;
    const annotations = { ...current?.metadata?.annotations, [descriptionAnnotation]: description };
    if (current) {
      await client.update(ConfigMaps, { ...current, metadata: { ...current.metadata, annotations }, data });
      return;
    }
    try {
      const metadata = { name, namespace, annotations };
      await client.create(ConfigMaps, { apiVersion: 'v1', kind: ConfigMaps.kind, metadata, data } as ConfigMap);
    } catch (error) {
      if (!isStatus(error, 'NotFound') && !isStatus(error, 'AlreadyExists') && !isNamespaceTerminating(error))
        throw error;
    }
  }
};
