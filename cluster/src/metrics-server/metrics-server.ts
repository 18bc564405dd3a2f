import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Environment, Running } from '@coracle/apimachinery/component';
import { internalError, StatusError } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { APIServices, ClusterRoleBindings, ClusterRoles, Services } from '@coracle/apimachinery/resources';
import type { ResourceRef } from '@coracle/apimachinery/schema';
import type { Client } from '@coracle/client/rest';
import type { ClusterPki } from '../pki/index.ts';
import { group, MetricsApi, version } from './metrics-api.ts';
import { UsageHistory } from './usage-history.ts';

/** Who asks the nodes. */
export const metricsServerUser = 'system:serviceaccount:kube-system:metrics-server';

export interface MetricsServerDependencies {
  readonly environment: Environment;
  /** As `metricsServerUser`. */
  readonly client: Client;
  /** As the administrator, who registers it. */
  readonly admin: Client;
  readonly pki: ClusterPki;
}

const apiService = `${version}.${group}`;
const serviceName = 'metrics-server';
const namespace = 'kube-system';
const fieldManager = 'coracle';
/** Nobody but this machine: only the API server asks. */
const host = '127.0.0.1';

/**
 * Serves metrics.k8s.io behind an APIService, as metrics-server does, and registers it. A cluster whose users have put their
 * own server there keeps theirs: `undefined`.
 */
export async function startMetricsServer(dependencies: MetricsServerDependencies): Promise<Running | undefined> {
  const { environment, client, admin, pki } = dependencies;
  if (await isTaken(admin)) return undefined;
  const api = new MetricsApi(client, new UsageHistory(client, environment));
  const server = createServer({
    cert: pki.metricsServer.certificate,
    key: pki.metricsServer.key,
    // The API server says who asks, and has looked whether they may; nobody else gets in.
    ca: pki.frontProxyAuthority.certificate,
    requestCert: true,
    rejectUnauthorized: true,
  });
  server.on('request', (request, response) => {
    if (!(request.socket as TLSSocket).authorized) return void response.destroy();
    answer(api, request, response).catch((error: unknown) => {
      environment.log.warn('a request for metrics failed', { path: request.url, error: String(error) });
      response.destroy();
    });
  });
  server.listen(0, host);
  await once(server, 'listening');
  await register(admin, (server.address() as AddressInfo).port, pki.authority.certificate);
  return {
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(api: MetricsApi, { method, url = '/' }: IncomingMessage, response: ServerResponse) {
  const { pathname: path, searchParams: query } = new URL(url, 'https://metrics');
  const write = (status: number, body: object) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  try {
    if (method !== 'GET') return write(405, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 405 });
    write(200, await api.answer({ path, query }));
  } catch (error) {
    const { status } = error instanceof StatusError ? error : internalError(error);
    write(status.code ?? 500, status);
  }
  return undefined;
}

interface Registered {
  readonly metadata?: { readonly managedFields?: readonly { readonly manager?: string }[] };
}

async function isTaken(admin: Client): Promise<boolean> {
  const present = await admin.get(APIServices, { name: apiService }).catch(() => undefined);
  const managers = (present as Registered | undefined)?.metadata?.managedFields ?? [];
  return present !== undefined && !managers.some(({ manager }) => manager === fieldManager);
}

async function register(admin: Client, port: number, authority: string): Promise<void> {
  for (const [resource, object] of registration(port, authority)) {
    const { name = '', namespace: where } = object.metadata ?? {};
    const key = where === undefined ? { name } : { name, namespace: where };
    await admin.patch(resource, key, { type: 'apply', body: object, force: true }, { fieldManager });
  }
}

type Content = KubernetesObject & Readonly<Record<string, unknown>>;

function registration(port: number, authority: string): readonly (readonly [ResourceRef, Content])[] {
  const rbac = 'rbac.authorization.k8s.io';
  const role = (name: string, labels: Readonly<Record<string, string>>, ...rules: object[]): Content => ({
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRole',
    metadata: { name, labels },
    rules,
  });
  const aggregateTo = (...roles: readonly string[]) =>
    Object.fromEntries(roles.map((name) => [`${rbac}/aggregate-to-${name}`, 'true']));
  return [
    [
      Services,
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: serviceName, namespace, labels: { 'k8s-app': serviceName } },
        // It runs on this machine and in no pod: there is no address that pods could have.
        spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ name: 'https', port, protocol: 'TCP' }] },
      },
    ],
    [
      ClusterRoles,
      role(
        'system:metrics-server',
        {},
        {
          apiGroups: [''],
          resources: ['nodes', 'pods', 'nodes/metrics', 'nodes/proxy'],
          verbs: ['get', 'list', 'watch'],
        },
      ),
    ],
    [
      ClusterRoles,
      role('system:aggregated-metrics-reader', aggregateTo('view', 'edit', 'admin'), {
        apiGroups: [group],
        resources: ['pods', 'nodes'],
        verbs: ['get', 'list', 'watch'],
      }),
    ],
    [
      ClusterRoleBindings,
      {
        apiVersion: `${rbac}/v1`,
        kind: 'ClusterRoleBinding',
        metadata: { name: 'system:metrics-server' },
        roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'system:metrics-server' },
        subjects: [{ kind: 'ServiceAccount', name: serviceName, namespace }],
      },
    ],
    [
      APIServices,
      {
        apiVersion: 'apiregistration.k8s.io/v1',
        kind: 'APIService',
        metadata: { name: apiService, labels: { 'k8s-app': serviceName } },
        spec: {
          group,
          version,
          groupPriorityMinimum: 100,
          versionPriority: 100,
          service: { name: serviceName, namespace, port },
          caBundle: Buffer.from(authority).toString('base64'),
        },
      },
    ],
  ];
}
