import { readFile } from 'node:fs/promises';
import type { HttpTransportOptions } from '../transport/http-transport.ts';
import type { Kubeconfig, KubeconfigUser } from './kubeconfig.ts';

/**
 * What an HTTPS transport needs to reach the cluster of a context, the current one where none is named. Data in the file
 * wins over a path to a file, as in client-go. Throws where something that is referred to does not exist.
 */
export async function connectionOf(config: Kubeconfig, contextName?: string): Promise<HttpTransportOptions> {
  const name = contextName ?? config['current-context'];
  if (!name) throw new Error('the kubeconfig has no current context: name one, or run kubectl config use-context');
  const { context } = find('context', config.contexts, name);
  const { cluster } = find('cluster', config.clusters, context.cluster);
  const { user } = find('user', config.users, context.user);
  if (!cluster.server) throw new Error(`the cluster ${context.cluster} of the kubeconfig has no server`);
  const authority = await pem(cluster['certificate-authority-data'], cluster['certificate-authority']);
  return {
    server: cluster.server,
    ...(authority === undefined ? {} : { certificateAuthority: authority }),
    ...(cluster['tls-server-name'] ? { serverName: cluster['tls-server-name'] } : {}),
    ...(cluster['insecure-skip-tls-verify'] ? { insecureSkipTlsVerify: true } : {}),
    ...(await credentialsOf(user, context.user)),
  };
}

function find<T extends { readonly name: string }>(
  kind: string,
  entries: readonly T[] | null | undefined,
  name: string,
): T {
  const found = entries?.find((entry) => entry.name === name);
  if (found) return found;
  const names = (entries ?? []).map((entry) => entry.name).join(', ') || 'none';
  throw new Error(`the kubeconfig has no ${kind} ${name}; there are: ${names}`);
}

async function credentialsOf(user: KubeconfigUser, name: string): Promise<Partial<HttpTransportOptions>> {
  if (user.exec !== undefined || user['auth-provider'] !== undefined) {
    throw new Error(`user ${name} of the kubeconfig gets its credentials from a program, which is not supported here`);
  }
  const certificate = await pem(user['client-certificate-data'], user['client-certificate']);
  const key = await pem(user['client-key-data'], user['client-key']);
  const { tokenFile } = user;
  return {
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
    ...(user.token ? { token: user.token } : {}),
    ...(!user.token && tokenFile ? { token: async () => (await readFile(tokenFile, 'utf8')).trim() } : {}),
    ...(user.as ? { impersonate: impersonation(user, user.as) } : {}),
  };
}

function impersonation(user: KubeconfigUser, as: string): NonNullable<HttpTransportOptions['impersonate']> {
  const uid = user['as-uid'];
  const groups = user['as-groups'];
  const extra = user['as-user-extra'];
  return { user: as, ...(groups ? { groups } : {}), ...(uid ? { uid } : {}), ...(extra ? { extra } : {}) };
}

async function pem(data: string | undefined, path: string | undefined): Promise<string | undefined> {
  if (data) return Buffer.from(data, 'base64').toString('utf8');
  return path ? readFile(path, 'utf8') : undefined;
}
