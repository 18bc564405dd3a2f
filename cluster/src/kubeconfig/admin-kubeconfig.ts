import { dump } from 'js-yaml';
import type { ClusterPki } from '../pki/index.ts';

/** What a kubeconfig says of a cluster. */
export interface ClusterAccess {
  readonly name: string;
  readonly url: string;
  readonly pki: Pick<ClusterPki, 'authority' | 'admin'>;
}

export const contextName = (clusterName: string): string => `coracle-${clusterName}`;

/** The three entries of one cluster as kubectl's file has them, the context being current. */
export function adminKubeconfigObject({ name, url, pki }: ClusterAccess) {
  const entry = contextName(name);
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: entry, cluster: { server: url, 'certificate-authority-data': base64(pki.authority.certificate) } },
    ],
    users: [
      {
        name: entry,
        user: {
          'client-certificate-data': base64(pki.admin.certificate),
          'client-key-data': base64(pki.admin.key),
        },
      },
    ],
    contexts: [{ name: entry, context: { cluster: entry, user: entry } }],
    'current-context': entry,
    preferences: {},
  };
}

export function adminKubeconfig(access: ClusterAccess): string {
  return dump(adminKubeconfigObject(access));
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
