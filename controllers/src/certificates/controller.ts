import { X509Certificate } from 'node:crypto';
import { CertificateSigningRequests, SubjectAccessReviews } from '@coracle/apimachinery/resources';
import type { SubjectAccessReview } from '@coracle/apimachinery/types/authorization-v1';
import type { CertificateSigningRequest } from '@coracle/apimachinery/types/certificates-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import { queueSelf, type StartController } from '../runtime/index.ts';
import { findCondition, formatTime, ignoreNotFound, isConditionTrue, parseTime } from '../shared/index.ts';
import { parseCertificateRequest } from './certificate-request.ts';
import { signCertificate } from './sign-certificate.ts';
import { checkKubeletClient, signerNames, signers } from './signers.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** `--cluster-signing-duration`. */
const certificateMs = 365 * dayMs;
const shortestMs = 10 * minuteMs;
/** Clocks may be apart by this much. */
const backdateMs = 5 * minuteMs;
/** Certificates shorter than this are not backdated beyond their share. */
const shortMs = 8 * hourMs;

/** Approves what kubelets ask for, after a SubjectAccessReview. */
export const startCertificateApprover: StartController = ({ client, informers, clock, loop }) => {
  const requests = informers.for(CertificateSigningRequests);
  const queue: WorkQueue = loop({ reconcile });
  requests.addHandler(queueSelf(queue));

  async function reconcile(name: string): Promise<void> {
    const request = requests.lister.get(name);
    if (!request || request.status?.certificate || isDecided(request)) return;
    if (request.spec?.signerName !== signerNames.kubeletClient) return;
    const parsed = parseCertificateRequest(request.spec.request);
    if (checkKubeletClient(parsed, request.spec.usages ?? []) !== undefined) return;
    const isSelf = request.spec.username === parsed.commonName;
    if (isSelf && (await isAllowed(request, 'selfnodeclient'))) {
      return approve(request, 'Auto approving self kubelet client certificate after SubjectAccessReview.');
    }
    if (await isAllowed(request, 'nodeclient')) {
      return approve(request, 'Auto approving kubelet client certificate after SubjectAccessReview.');
    }
    throw new Error(
      `recognized csr "${name}" as ${isSelf ? '[selfnodeclient nodeclient]' : '[nodeclient]'} but subject access review was not approved`,
    );
  }

  async function isAllowed({ spec }: CertificateSigningRequest, subresource: string): Promise<boolean> {
    const { username: user, uid, groups, extra } = spec ?? {};
    const resourceAttributes = {
      group: 'certificates.k8s.io',
      resource: 'certificatesigningrequests',
      verb: 'create',
      subresource,
      version: '*',
    };
    const identity = {
      ...(user ? { user } : {}),
      ...(uid ? { uid } : {}),
      ...(groups ? { groups } : {}),
      ...(extra ? { extra } : {}),
    };
    const review: SubjectAccessReview = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: SubjectAccessReviews.kind,
      spec: { ...identity, resourceAttributes },
    };
    const answer = await client.create<SubjectAccessReview>(SubjectAccessReviews, review);
    return answer.status?.allowed === true;
  }

  async function approve(request: CertificateSigningRequest, message: string): Promise<void> {
    const time = formatTime(clock.now());
    const condition = {
      type: 'Approved',
      status: 'True',
      reason: 'AutoApproved',
      message,
      lastUpdateTime: time,
      lastTransitionTime: time,
    };
    const status = { ...request.status, conditions: [...(request.status?.conditions ?? []), condition] };
    await client.update(CertificateSigningRequests, { ...request, status }, { subresource: 'approval' });
  }
};

function isDecided({ status }: CertificateSigningRequest): boolean {
  return (status?.conditions ?? []).some(({ type }) => type === 'Approved' || type === 'Denied');
}

/** Signs approved requests for the built-in signers with the cluster's certificate authority. */
export const startCertificateSigner: StartController = ({ client, informers, clock, random, signing, loop }) => {
  const requests = informers.for(CertificateSigningRequests);
  const queue: WorkQueue = loop({ reconcile });
  requests.addHandler(queueSelf(queue));

  async function reconcile(name: string): Promise<void> {
    const request = requests.lister.get(name);
    const { conditions, certificate } = request?.status ?? {};
    if (!request || certificate || !isConditionTrue(conditions, 'Approved')) return;
    if (isConditionTrue(conditions, 'Denied') || isConditionTrue(conditions, 'Failed')) return;
    const check = signers.get(request.spec?.signerName ?? '');
    if (!check) return;
    const parsed = parseCertificateRequest(request.spec?.request ?? '');
    const usages = request.spec?.usages ?? [];
    const problem = check(parsed, usages);
    if (problem !== undefined) return fail(request, problem);
    const signed = signCertificate(
      parsed,
      authority(),
      { usages, ...validity(request.spec?.expirationSeconds) },
      random,
    );
    const status = { ...request.status, certificate: Buffer.from(signed).toString('base64') };
    await client.update(CertificateSigningRequests, { ...request, status }, { subresource: 'status' });
  }

  const authority = () => ({ certificatePem: signing.caCertificatePem, privateKeyPem: signing.caPrivateKeyPem });

  function validity(expirationSeconds: number | undefined): { notBeforeMs: number; notAfterMs: number } {
    const wanted = expirationSeconds === undefined ? certificateMs : expirationSeconds * 1000;
    const lasts = Math.min(Math.max(wanted, shortestMs), certificateMs);
    const end = clock.now() + (lasts < shortMs ? lasts : lasts - backdateMs);
    const authorityEnd = Date.parse(new X509Certificate(signing.caCertificatePem).validTo);
    if (clock.now() >= authorityEnd) throw new Error('the signer has expired');
    return { notBeforeMs: clock.now() - backdateMs, notAfterMs: Math.min(end, authorityEnd) };
  }

  async function fail(request: CertificateSigningRequest, message: string): Promise<void> {
    const time = formatTime(clock.now());
    const condition = {
      type: 'Failed',
      status: 'True',
      reason: 'SignerValidationFailure',
      message,
      lastUpdateTime: time,
      lastTransitionTime: time,
    };
    const status = { ...request.status, conditions: [...(request.status?.conditions ?? []), condition] };
    await client.update(CertificateSigningRequests, { ...request, status }, { subresource: 'status' });
  }
};

/** Deletes requests that have been decided for an hour, or have waited for a day. */
export const startCertificateCleaner: StartController = ({ client, informers, clock, loop }) => {
  const requests = informers.for(CertificateSigningRequests);
  const queue: WorkQueue = loop({ workers: 1, reconcile });
  requests.addHandler(queueSelf(queue));

  async function reconcile(name: string): Promise<void> {
    const request = requests.lister.get(name);
    if (!request) return;
    const wait = expiresAt(request) - clock.now();
    if (wait === Number.POSITIVE_INFINITY) return;
    if (wait > 0) return queue.addAfter(name, wait);
    await ignoreNotFound(client.delete(CertificateSigningRequests, { name }));
  }
};

/** When the request is of no more use, in milliseconds since 1970. */
export function expiresAt(request: CertificateSigningRequest): number {
  const { conditions = [], certificate } = request.status ?? {};
  const created = parseTime(request.metadata?.creationTimestamp) ?? 0;
  if (conditions.length === 0) return created + dayMs;
  const times: number[] = [];
  for (const type of ['Denied', 'Failed']) {
    const at = parseTime(findCondition(conditions, type)?.lastUpdateTime);
    if (at !== undefined) times.push(at + hourMs);
  }
  const approved = parseTime(findCondition(conditions, 'Approved')?.lastUpdateTime);
  if (approved !== undefined) times.push(approved + (certificate ? hourMs : dayMs));
  if (certificate) times.push(notAfter(certificate));
  return times.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...times);
}

function notAfter(certificate: string): number {
  try {
    return Date.parse(new X509Certificate(Buffer.from(certificate, 'base64')).validTo);
  } catch {
    // Written by somebody else, and not a certificate: it never expires.
    return Number.POSITIVE_INFINITY;
  }
}
