import 'reflect-metadata';
import { X509Certificate } from '@peculiar/x509';
import type { CertificateSigningRequest } from '@coracle/apimachinery/types/certificates-v1';
import { type ApiAnswer, type ApiCaller, eventually } from '../support/index.ts';
import type { SigningCase } from './requests.ts';

const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const minuteMs = 60_000;

/** What became of a request, without what differs from run to run. */
export interface SigningOutcome {
  /** Where it was not taken at all. */
  readonly refused?: string;
  readonly conditions?: readonly string[];
  readonly certificate?: object;
}

/** Creates it and says what its case says to it. */
export async function ask(admin: ApiCaller, each: SigningCase, pem: string): Promise<SigningOutcome | undefined> {
  const { name, signerName, usages, expirationSeconds, as, decision = 'Approved' } = each;
  const request = Buffer.from(pem).toString('base64');
  const spec = { request, signerName, usages, ...(expirationSeconds === undefined ? {} : { expirationSeconds }) };
  const headers = as === undefined ? {} : { 'impersonate-user': as.user, 'impersonate-group': as.group };
  const created = await admin.call(requests, { method: 'POST', headers, body: { metadata: { name }, spec } });
  if (created.status !== 201) return { refused: `${created.status} ${messageOf(created)}` };
  if (decision === 'none') return undefined;
  const body = created.json<CertificateSigningRequest>();
  body.status = { conditions: [{ type: decision, status: 'True', reason: 'Test', message: 'as the case says' }] };
  const { status } = await admin.call(`${requests}/${name}/approval`, { method: 'PUT', body });
  if (status !== 200) throw new Error(`${name}: the approval was answered with ${status}`);
  return undefined;
}

const messageOf = (answer: ApiAnswer) => answer.json<{ message: string }>().message;

/** Waits for what the case says; what is to stay untouched is looked at as it is. */
export async function outcomeOf(admin: ApiCaller, { name, outcome }: SigningCase): Promise<SigningOutcome> {
  const { metadata, status = {} } = await eventually(async () => {
    const found = (await admin.call(`${requests}/${name}`)).json<CertificateSigningRequest>();
    const failed = found.status?.conditions?.some(({ type }) => type === 'Failed') ?? false;
    if (outcome === 'signed' && !found.status?.certificate) throw new Error(`${name} has no certificate`);
    if (outcome === 'failed' && !failed) throw new Error(`${name} has not failed`);
    return found;
  });
  const conditions = (status.conditions ?? []).map((condition) =>
    [condition.type, condition.status, condition.reason, condition.message].join(' '),
  );
  if (!status.certificate) return { conditions };
  const created = Date.parse(metadata?.creationTimestamp ?? '');
  return { conditions, certificate: shown(Buffer.from(status.certificate, 'base64').toString(), created) };
}

const hex = (bytes: ArrayBuffer) => Buffer.from(bytes).toString('hex');

/** `created`: when the request was, in milliseconds. Subject and extensions are shown as they are encoded. */
function shown(pem: string, created: number): object {
  const certificate = new X509Certificate(pem);
  const { notBefore, notAfter, subjectName, subject, issuer, extensions, publicKey, signatureAlgorithm } = certificate;
  return {
    subject,
    issuer,
    encodedSubject: hex(subjectName.toArrayBuffer()),
    backdatedMinutes: Math.round((created - notBefore.getTime()) / minuteMs),
    lastsSeconds: Math.round((notAfter.getTime() - notBefore.getTime()) / 1000),
    signatureAlgorithm,
    publicKey: hex(publicKey.rawData),
    extensions: extensions.map(({ type, critical, value }) => [type, critical, hex(value)].join(' ')),
  };
}
