import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { Namespaces, Services, StorageClasses } from '@coracle/apimachinery/resources';
import type { ResourceRef } from '@coracle/apimachinery/schema';
import type { Client } from '@coracle/client/rest';
import type { ClusterConfig } from '../config/cluster-config.ts';
import { clusterDnsAddress } from '../control-plane/addresses.ts';

const fieldManager = 'coracle';

interface Addon {
  readonly resource: ResourceRef;
  readonly object: KubernetesObject & Readonly<Record<string, unknown>>;
}

/** Server-side applied at every start, so that a newer version brings its own and users' fields stay. */
export async function applyAddons(client: Client, config: ClusterConfig): Promise<void> {
  await Promise.all(
    [...bundled, ...profileNamespaces(config)].map(({ resource, object }) =>
      client.patch(
        resource,
        { name: object.metadata?.name ?? '', namespace: object.metadata?.namespace },
        { type: 'apply', body: object, force: true },
        { fieldManager },
      ),
    ),
  );
}

const bundled: readonly Addon[] = [
  {
    // What in-cluster clients look for; the name server itself is part of the process.
    resource: Services,
    object: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: 'kube-dns',
        namespace: 'kube-system',
        labels: {
          'k8s-app': 'kube-dns',
          'kubernetes.io/name': 'CoreDNS',
          'kubernetes.io/cluster-service': 'true',
        },
      },
      spec: {
        clusterIP: clusterDnsAddress,
        ports: [
          { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
          { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
        ],
      },
    },
  },
  {
    resource: StorageClasses,
    object: {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: {
        name: 'coracle-local',
        annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
      },
      provisioner: 'cloud.coracle.dev/local-path',
      volumeBindingMode: 'WaitForFirstConsumer',
      reclaimPolicy: 'Delete',
    },
  },
];

/** A profile that names a namespace exactly gets it made: `kubectl -n serverless run` works at once. */
function profileNamespaces(config: ClusterConfig): readonly Addon[] {
  const names = config.fargateProfiles.flatMap((profile) => profile.selectors.map((selector) => selector.namespace));
  return [...new Set(names)]
    .filter((name) => !/[*?]/.test(name))
    .map((name) => ({
      resource: Namespaces,
      object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    }));
}
