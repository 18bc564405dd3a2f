import { createHmac } from 'node:crypto';
import { ConfigMaps, Secrets } from '@coracle/apimachinery/resources';
import type { Secret } from '@coracle/apimachinery/types/core-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import { keyOf, objectKey, type StartController, splitKey } from '../runtime/index.ts';
import { compareText, deepEqual, ignoreNotFound, parseTime } from '../shared/index.ts';

const tokenNamespace = 'kube-system';
const tokenType = 'bootstrap.kubernetes.io/token';
const clusterInfo = { namespace: 'kube-public', name: 'cluster-info' };
const signaturePrefix = 'jws-kubeconfig-';

/** Signs `cluster-info` with every bootstrap token, so that a node that has one can trust what it reads. */
export const startBootstrapSigner: StartController = ({ client, informers, clock, loop }) => {
  const secrets = informers.for(Secrets);
  const configMaps = informers.for(ConfigMaps);
  const queue: WorkQueue = loop({ workers: 1, reconcile });
  const look = (secret: Secret): void => {
    if (isToken(secret)) queue.add(clusterInfo.name);
  };
  secrets.addHandler({ added: look, updated: look, deleted: look });
  const lookAt = (name: string | undefined): void => {
    if (name === clusterInfo.name) queue.add(name);
  };
  configMaps.addHandler({
    added: ({ metadata }) => lookAt(metadata?.name),
    updated: ({ metadata }) => lookAt(metadata?.name),
  });

  async function reconcile(): Promise<void> {
    const map = configMaps.lister.get(clusterInfo.name, clusterInfo.namespace);
    const kubeconfig = map?.data?.['kubeconfig'];
    if (!map || kubeconfig === undefined) return;
    const own = Object.entries(map.data ?? {}).filter(([key]) => !key.startsWith(signaturePrefix));
    const data = Object.fromEntries(own);
    const tokens = secrets.lister
      .list(tokenNamespace)
      .filter((secret) => isToken(secret) && isSigning(secret, clock.now()));
    for (const secret of [...tokens].sort((a, b) => compareText(keyOf(a), keyOf(b)))) {
      const id = textOf(secret, 'token-id');
      data[`${signaturePrefix}${id}`] = detachedSignature(kubeconfig, id, textOf(secret, 'token-secret'));
    }
    if (!deepEqual(data, map.data)) await client.update(ConfigMaps, { ...map, data });
  }
};

/** Deletes bootstrap tokens when they expire. */
export const startTokenCleaner: StartController = ({ client, informers, clock, loop }) => {
  const secrets = informers.for(Secrets);
  const queue: WorkQueue = loop({ workers: 1, reconcile });
  const look = (secret: Secret): void => {
    if (isToken(secret) && textOf(secret, 'expiration') !== '') queue.add(keyOf(secret));
  };
  secrets.addHandler({ added: look, updated: look });

  async function reconcile(key: string): Promise<void> {
    const { name, namespace } = splitKey(key);
    const secret = secrets.lister.get(name, namespace);
    const expires = secret && isToken(secret) ? parseTime(textOf(secret, 'expiration')) : undefined;
    if (!secret || expires === undefined) return;
    const wait = expires - clock.now();
    if (wait > 0) return queue.addAfter(key, wait);
    const preconditions = { uid: secret.metadata?.uid ?? '' };
    await ignoreNotFound(client.delete(Secrets, objectKey(secret), { preconditions }));
  }
};

function isToken({ metadata, type }: Secret): boolean {
  return metadata?.namespace === tokenNamespace && type === tokenType;
}

function isSigning(secret: Secret, nowMs: number): boolean {
  const expires = parseTime(textOf(secret, 'expiration'));
  return textOf(secret, 'usage-bootstrap-signing') === 'true' && (expires === undefined || expires > nowMs);
}

function textOf({ data }: Secret, key: string): string {
  return Buffer.from(data?.[key] ?? '', 'base64').toString('utf8');
}

/** A JSON web signature without its payload (RFC 7515, appendix F). */
function detachedSignature(content: string, tokenId: string, tokenSecret: string): string {
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: tokenId })).toString('base64url');
  const payload = Buffer.from(content).toString('base64url');
  return `${header}..${createHmac('sha256', tokenSecret).update(`${header}.${payload}`).digest('base64url')}`;
}
