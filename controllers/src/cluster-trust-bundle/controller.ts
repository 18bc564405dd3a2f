import { createHash } from 'node:crypto';
import { ClusterTrustBundles } from '@coracle/apimachinery/resources';
import { groupVersion } from '@coracle/apimachinery/schema';
import type { ClusterTrustBundle } from '@coracle/apimachinery/types/certificates-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import type { StartController } from '../runtime/index.ts';
import { ignoreNotFound } from '../shared/index.ts';

const signerName = 'kubernetes.io/kube-apiserver-serving';
const digestBytes = 12;

/** Pods that project the signer's bundles get it (KEP-3257, upstream pkg/controller/certificates/clustertrustbundlepublisher). */
export const startTrustBundlePublisher: StartController = ({ client, informers, signing, loop, onSynced }) => {
  const trustBundle = signing.rootCaPem;
  const digest = createHash('sha256').update(trustBundle).digest().subarray(0, digestBytes).toString('hex');
  const name = `${signerName.replaceAll('/', ':')}:${digest}`;
  const bundles = informers.for(ClusterTrustBundles);
  const queue: WorkQueue = loop({ workers: 1, reconcile });
  const look = ({ spec }: ClusterTrustBundle): void => {
    if (spec.signerName === signerName) queue.add(name);
  };
  bundles.addHandler({ added: look, updated: look, deleted: look });
  onSynced(() => queue.add(name));

  /** The signer has this bundle and no other: those of authorities before it go. */
  async function reconcile(): Promise<void> {
    const current = bundles.lister.get(name);
    if (current === undefined) {
      const { kind } = ClusterTrustBundles;
      const bundle = {
        apiVersion: groupVersion(ClusterTrustBundles),
        kind,
        metadata: { name },
        spec: { signerName, trustBundle },
      };
      await client.create(ClusterTrustBundles, bundle);
    } else if (current.spec.trustBundle !== trustBundle) {
      await client.update(ClusterTrustBundles, { ...current, spec: { ...current.spec, trustBundle } });
    }
    for (const { metadata, spec } of bundles.lister.list()) {
      const other = metadata?.name ?? '';
      if (spec.signerName !== signerName || other === name) continue;
      await ignoreNotFound(client.delete(ClusterTrustBundles, { name: other }));
    }
  }
};
