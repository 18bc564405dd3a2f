import { dirname, join } from 'node:path';
import type { Environment, Running } from '@coracle/apimachinery/component';
import { StatusError } from '@coracle/apimachinery/errors';
import { type AccessOptions, type ApiServer, createApiServer, type KubeletClientOptions } from '@coracle/apiserver';
import { authenticatedGroup, mastersGroup, serviceAccountGroups } from '@coracle/apiserver/auth';
import { openEmbeddedStorage, openEtcdStorage, type Storage } from '@coracle/apiserver/storage';
import { makeFolder } from '@coracle/client/files';
import { type Client, createClient } from '@coracle/client/rest';
import { createLoopbackTransport } from '@coracle/client/transport';
import { type SigningMaterial, startControllers } from '@coracle/controllers';
import { type Connection, fargateAdmission, type Identity } from '@coracle/kubelet-shim';
import { startScheduler } from '@coracle/scheduler';
import { type ClusterConfig, ConfigError } from '../config/cluster-config.ts';
import { type ClusterPki, ensureClusterPki } from '../pki/index.ts';
import type { DataDirectory } from '../state/index.ts';
import { clusterDomain, nodePortRange, serviceCidr, servingNames } from './addresses.ts';

export interface ControlPlane extends Running {
  readonly url: string;
  readonly port: number;
  readonly pki: ClusterPki;
  /** As the administrator. */
  readonly client: Client;
  connect(identity: Identity): Connection;
}

export interface ControlPlaneOptions {
  readonly config: Pick<ClusterConfig, 'port' | 'etcdServers' | 'access'>;
  readonly directory: Pick<DataDirectory, 'path' | 'pkiDirectory'>;
  readonly environment: Environment;
  /** Address that pods and machines reach the server at, besides loopback, where it listens. */
  readonly advertiseAddress: string;
  /** How kubelets and pods are reached that are not on the machine's network. */
  readonly dial?: KubeletClientOptions['dial'];
}

/** Nobody but this machine; machines and pods are forwarded here from the advertised address. */
export const listenHost = '127.0.0.1';
const serviceAccountIssuer = `https://kubernetes.default.svc.${clusterDomain}`;

/** Keys, store, API server, controllers, scheduler, in this order; resolves when all of them work. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { config, directory, environment, advertiseAddress, dial } = options;
  await using stack = new AsyncDisposableStack();
  const pki = await ensureClusterPki({
    directory: directory.pkiDirectory,
    servingNames: [...servingNames, advertiseAddress],
    now: environment.clock.now(),
  });
  const storage = await openStorage(config, directory, environment);
  stack.defer(() => storage.close());
  const server = await startApiServer({
    port: config.port,
    environment,
    advertiseAddress,
    pki,
    storage,
    access: config.access,
    ...(dial && { dial }),
  });
  stack.defer(() => server.stop());

  const connect = (identity: Identity): Connection => {
    const transport = createLoopbackTransport((request) => server.handle(request), {
      username: identity.username,
      groups: [...(identity.groups ?? []), authenticatedGroup],
      extra: {},
    });
    return { transport, client: createClient(transport) };
  };
  const [controllers, scheduler] = await Promise.all([
    startControllers({
      environment,
      clientFor: (username) => connect({ username, groups: groupsOf(username) }).client,
      signing: signingMaterial(pki),
    }),
    startScheduler({ environment, client: connect({ username: 'system:kube-scheduler' }).client }),
  ]);
  stack.defer(() => controllers.stop());
  stack.defer(() => scheduler.stop());

  const running = stack.move();
  return {
    url: `https://${listenHost}:${server.port}`,
    port: server.port ?? 0,
    pki,
    client: connect({ username: 'kubernetes-admin', groups: [mastersGroup] }).client,
    connect,
    stop: () => running.disposeAsync(),
  };
}

async function openStorage(
  config: ControlPlaneOptions['config'],
  directory: ControlPlaneOptions['directory'],
  environment: Environment,
): Promise<Storage> {
  if (config.etcdServers.length > 0) {
    return openEtcdStorage({ endpoints: config.etcdServers, environment }).catch((error: Error) => {
      throw new ConfigError(`--etcd-servers: ${error.message}: start it, or name the address that it listens on`);
    });
  }
  return openEmbeddedStorage({ directory: join(directory.path, 'store'), environment });
}

export interface ApiServerParts extends Pick<ControlPlaneOptions, 'environment' | 'advertiseAddress' | 'dial'> {
  /** 0 takes a free one. */
  readonly port: number;
  readonly pki: ClusterPki;
  /** Stays the caller's to close. */
  readonly storage: Storage;
  readonly access?: AccessOptions;
}

/** The API server alone, as a cluster has it; resolves when it is ready. Throws ConfigError where the port cannot be had. */
export async function startApiServer(parts: ApiServerParts): Promise<ApiServer> {
  const { port, environment, advertiseAddress, dial, pki, storage, access = {} } = parts;
  await makeAuditFolder(access);
  const server = await createApiServer(
    { storage, environment, extraAdmission: (context) => [fargateAdmission(context)] },
    {
      listen: {
        host: listenHost,
        port,
        tls: {
          certificate: pki.serving.certificate,
          key: pki.serving.key,
          clientAuthorities: [pki.authority.certificate],
        },
      },
      advertise: { address: advertiseAddress },
      serviceAccounts: { issuer: serviceAccountIssuer, signingKey: pki.serviceAccountKey },
      frontProxy: {
        authorities: pki.frontProxyAuthority.certificate,
        allowedNames: ['front-proxy-client'],
        client: pki.frontProxyClient,
      },
      kubeletClient: { ...pki.kubeletClient, authorities: pki.authority.certificate, ...(dial && { dial }) },
      serviceCidrs: [serviceCidr],
      nodePortRange,
      clusterDomain,
      ...access,
    },
  ).catch((error: unknown) => {
    throw explainStartError(error, port);
  });
  await server.ready();
  return server;
}

async function makeAuditFolder({ audit }: AccessOptions): Promise<void> {
  const path = audit?.log?.path;
  if (path === undefined || path === '-') return;
  await makeFolder(dirname(path)).catch((error: Error) => {
    throw new ConfigError(`--audit-log-path: ${error.message}`);
  });
}

/** What a user can mend gets a sentence of its own. */
function explainStartError(error: unknown, port: number): unknown {
  const reasons: Readonly<Record<string, string>> = { EADDRINUSE: 'is taken', EACCES: 'is for root only' };
  const reason = reasons[(error as NodeJS.ErrnoException).code ?? ''];
  if (reason !== undefined)
    return new ConfigError(`port ${port} ${reason}: --port names another, --port 0 takes a free one`);
  // A configuration file that will not do: the message names it.
  return error instanceof StatusError ? new ConfigError(error.message) : error;
}

function signingMaterial(pki: ClusterPki): SigningMaterial {
  return {
    caCertificatePem: pki.authority.certificate,
    caPrivateKeyPem: pki.authority.key,
    rootCaPem: pki.authority.certificate,
    serviceAccountPrivateKeyPem: pki.serviceAccountKey,
  };
}

/** The groups that a service account's token would carry. */
function groupsOf(username: string): readonly string[] {
  const [system, kind, namespace] = username.split(':');
  if (system !== 'system' || kind !== 'serviceaccount') return [];
  return serviceAccountGroups(namespace ?? '');
}
