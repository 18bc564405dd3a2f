import type { Environment } from '@coracle/apimachinery/component';
import { Nodes, PodCertificateRequests, ServiceAccounts } from '@coracle/apimachinery/resources';
import type { PodCertificateRequest } from '@coracle/apimachinery/types/certificates-v1';
import type { Pod, PodCertificateProjection } from '@coracle/apimachinery/types/core-v1';
import { createInformers, type Informer } from '@coracle/client/informer';
import type { Client } from '@coracle/client/rest';
import { makeKeyAndProof } from './pkcs10.ts';

/** Keys that never leave the node, with the certificates that a signer issues for them (KEP-4317). */
export interface PodCertificates {
  /** Throws while there is no certificate yet; `changed` is called when there may be one. */
  get(pod: Pod, place: string, projection: PodCertificateProjection, changed: () => void): Promise<PodCredentials>;
  forget(uid: string): void;
}

export interface PodCredentials {
  /** PKCS#8, PEM. */
  readonly key: string;
  /** Leaf first, PEM. */
  readonly chain: string;
  /** When a new one should be asked for, milliseconds since 1970. */
  readonly refreshAt: number;
}

interface Standing {
  issued?: PodCredentials;
  /** What has been asked for and not been answered. */
  request?: { readonly name: string; readonly key: string };
}

/** Nodes do not all ask again in the same moment. */
const jitterMaxMs = 5 * 60_000;

export function createPodCertificates(client: Client, environment: Environment, nodeName: string): PodCertificates {
  const { clock, random } = environment;
  const standings = new Map<string, Standing>();
  const waiting = new Map<string, () => void>();
  let informer: Promise<Informer<PodCertificateRequest>> | undefined;

  /** Watched from the first pod on that has such a volume. */
  const watchRequests = async (): Promise<Informer<PodCertificateRequest>> => {
    const informers = createInformers({ client, environment });
    const requests = informers.for(PodCertificateRequests, { fieldSelector: `spec.nodeName=${nodeName}` });
    const tell = ({ spec }: PodCertificateRequest) => waiting.get(spec.podUID)?.();
    requests.addHandler({ added: tell, updated: tell, deleted: tell });
    await informers.start();
    return requests;
  };

  const ask = async (
    pod: Pod,
    { signerName, keyType, ...rest }: PodCertificateProjection,
  ): Promise<Standing['request']> => {
    const { name: podName = '', namespace = '', uid: podUID = '' } = pod.metadata ?? {};
    const serviceAccountName = pod.spec?.serviceAccountName ?? 'default';
    const [{ key, request }, account, node] = await Promise.all([
      makeKeyAndProof(keyType),
      client.get(ServiceAccounts, { namespace, name: serviceAccountName }),
      client.get(Nodes, { name: nodeName }),
    ]);
    const made = await client.create(PodCertificateRequests, {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'PodCertificateRequest',
      metadata: {
        namespace,
        generateName: 'req-',
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: podName, uid: podUID }],
      },
      spec: {
        signerName,
        podName,
        podUID,
        serviceAccountName,
        serviceAccountUID: account.metadata?.uid ?? '',
        nodeName,
        nodeUID: node.metadata?.uid ?? '',
        stubPKCS10Request: request.toString('base64'),
        ...(rest.maxExpirationSeconds !== undefined && { maxExpirationSeconds: rest.maxExpirationSeconds }),
        ...(rest.userAnnotations && { unverifiedUserAnnotations: rest.userAnnotations }),
      },
    } as PodCertificateRequest);
    return { name: made.metadata?.name ?? '', key };
  };

  /** Moves what was asked for to what was issued. Throws where it was refused for good. */
  const collect = (standing: Standing, answer: PodCertificateRequest | undefined): void => {
    const { request } = standing;
    if (!request || !answer) return;
    for (const { type, status, reason, message } of answer.status?.conditions ?? []) {
      if (status !== 'True') continue;
      if (type === 'Denied' || type === 'Failed') {
        const words = `reason=${JSON.stringify(reason)} message=${JSON.stringify(message)}`;
        throw new Error(`PodCertificateRequest was permanently ${type.toLowerCase()}: ${words}`);
      }
      if (type !== 'Issued') continue;
      const { certificateChain = '', beginRefreshAt = '' } = answer.status ?? {};
      const refreshAt = Date.parse(beginRefreshAt) + random.next() * jitterMaxMs;
      standing.issued = { key: request.key, chain: certificateChain, refreshAt };
      delete standing.request;
    }
  };

  return {
    async get(pod, place, projection, changed) {
      const { uid = '', namespace = '' } = pod.metadata ?? {};
      const key = `${uid} ${place}`;
      const standing = standings.get(key) ?? {};
      standings.set(key, standing);
      waiting.set(uid, changed);
      informer ??= watchRequests();
      const { lister } = await informer;
      const isDue = !standing.issued || clock.now() >= standing.issued.refreshAt;
      if (!standing.request && isDue) {
        const request = await ask(pod, projection);
        if (request) standing.request = request;
      }
      if (standing.request) collect(standing, lister.get(standing.request.name, namespace));
      if (!standing.issued) throw new Error('credential bundle is not issued yet');
      return standing.issued;
    },
    forget(uid) {
      waiting.delete(uid);
      for (const key of standings.keys()) if (key.startsWith(`${uid} `)) standings.delete(key);
    },
  };
}
