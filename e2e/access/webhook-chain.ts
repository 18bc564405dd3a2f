import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Webhooks that decide about `hook:…`, ABAC for `abac`, and the configuration that puts them before the others. */
export interface WebhookChain extends AsyncDisposable {
  readonly policyFile: string;
  /** AuthorizationConfiguration for one of the servers. */
  configFile(server: string): string;
  /** The queries and reviews that a server sent, byte for byte, in an order of their own. */
  asked(server: string): readonly string[];
}

const servers = ['own', 'reference'];

/** By the last part of the user's name. */
const statuses: Readonly<Record<string, object>> = {
  allows: { allowed: true, reason: 'the hook likes you' },
  changes: { allowed: true },
  denies: { allowed: false, denied: true, reason: 'the hook says no' },
  both: { allowed: true, denied: true },
  choosy: { allowed: false, denied: true, reason: 'no secrets' },
};

export async function startWebhookChain(): Promise<WebhookChain> {
  const directory = await mkdtemp(join(tmpdir(), 'coracle-webhook-chain-'));
  const asked = new Map(servers.map((server): [string, string[]] => [server, []]));
  const receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const [, server = '', query = ''] = request.url?.split(/[/?]/) ?? [];
      asked.get(server)?.push(`${query} ${body.trim()}`);
      answer(response, JSON.parse(body));
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  const file = (name: string) => join(directory, name);
  const policy = { user: 'abac', namespace: 'team', resource: 'configmaps', readonly: true };
  const meta = { apiVersion: 'abac.authorization.kubernetes.io/v1beta1', kind: 'Policy' };
  await writeFile(file('policies'), JSON.stringify({ ...meta, spec: policy }));
  for (const server of servers) {
    await writeFile(file(`${server}.kubeconfig`), kubeconfigOf(`http://127.0.0.1:${port}/${server}`));
    await writeFile(file(server), configuration(file(`${server}.kubeconfig`)));
  }
  return {
    policyFile: file('policies'),
    configFile: file,
    asked: (server) => (asked.get(server) ?? []).toSorted(),
    async [Symbol.asyncDispose]() {
      receiver.closeAllConnections();
      await new Promise((resolve) => receiver.close(resolve));
      await rm(directory, { recursive: true });
    },
  };
}

interface Review {
  readonly apiVersion: string;
  readonly spec: { readonly user: string; readonly resourceAttributes?: { readonly verb?: string } };
}

function answer(response: ServerResponse, review: Review): void {
  const kind = review.spec.user.split(':').at(-1) ?? '';
  response.setHeader('content-type', 'text/plain');
  const creates = kind === 'changes' && review.spec.resourceAttributes?.verb === 'create';
  if (kind === 'fails' || creates) response.writeHead(503).end('away');
  else if (kind === 'busy') response.writeHead(500).end('busy');
  else {
    const status = statuses[kind] ?? { allowed: false };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ apiVersion: review.apiVersion, kind: 'SubjectAccessReview', status }));
  }
}

/** For a server that calls a webhook. */
export function kubeconfigOf(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'hook',
    contexts: [{ name: 'hook', context: { cluster: 'hook', user: 'server' } }],
    clusters: [{ name: 'hook', cluster: { server } }],
    users: [{ name: 'server', user: {} }],
  });
}

function configuration(kubeConfigFile: string): string {
  const webhook = (name: string, failurePolicy: string, version: string, ...expressions: string[]) => ({
    type: 'Webhook',
    name,
    webhook: {
      timeout: '3s',
      failurePolicy,
      subjectAccessReviewVersion: version,
      matchConditionSubjectAccessReviewVersion: 'v1',
      connectionInfo: { type: 'KubeConfigFile', kubeConfigFile },
      matchConditions: expressions.map((expression) => ({ expression })),
    },
  });
  const closed = "request.user.startsWith('hook:closed')";
  const choosy = "request.user == 'hook:choosy'";
  return JSON.stringify({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthorizationConfiguration',
    authorizers: [
      webhook('open', 'NoOpinion', 'v1', "request.user.startsWith('hook:')", `!(${closed} || ${choosy})`),
      webhook('closed', 'Deny', 'v1beta1', closed),
      webhook('choosy', 'Deny', 'v1', choosy, "request.resourceAttributes.resource == 'secrets'"),
      { type: 'Node', name: 'node' },
      { type: 'RBAC', name: 'rbac' },
      { type: 'ABAC', name: 'abac' },
      { type: 'AlwaysDeny', name: 'alwaysdeny' },
    ],
  });
}
