import type { Kubeconfig, KubeconfigEntry } from '@coracle/client/kubeconfig';
import type { ClusterPki } from '../pki/index.ts';

/** What a kubeconfig says of a cluster. */
export interface ClusterAccess {
  readonly name: string;
  readonly url: string;
  readonly pki: Pick<ClusterPki, 'authority' | 'admin'>;
}

/** Cluster, user and context have this one name, as kind does it. */
export const contextName = (clusterName: string): string => `coracle-${clusterName}`;

export function kubeconfigEntry({ name, url, pki }: ClusterAccess): KubeconfigEntry {
  return {
    name: contextName(name),
    cluster: { server: url, 'certificate-authority-data': base64(pki.authority.certificate) },
    user: {
      'client-certificate-data': base64(pki.admin.certificate),
      'client-key-data': base64(pki.admin.key),
    },
  };
}

/** A whole file with nothing but this cluster in it. */
export function adminKubeconfig(access: ClusterAccess): Kubeconfig {
  const { name, cluster, user } = kubeconfigEntry(access);
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
