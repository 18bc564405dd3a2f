import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  cryptoProvider,
  type Extension,
  type JsonGeneralName,
  type JsonName,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
} from '@peculiar/x509';

cryptoProvider.set(webcrypto as unknown as Crypto);

/** One CertificateSigningRequest, and what becomes of it. */
export interface SigningCase {
  readonly name: string;
  readonly signerName: string;
  readonly usages: readonly string[];
  readonly subject: JsonName;
  readonly names?: readonly JsonGeneralName[];
  readonly key?: KeyType;
  readonly expirationSeconds?: number;
  /** Who asks; default the administrator. */
  readonly as?: { readonly user: string; readonly group: string };
  /** What the administrator says to it. Default `Approved`. */
  readonly decision?: 'Approved' | 'Denied' | 'none';
  readonly outcome: 'signed' | 'failed' | 'untouched' | 'refused';
}

const algorithms = {
  'P-256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'P-384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  'P-521': { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' },
  'RSA-2048': {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    publicExponent: Uint8Array.of(1, 0, 1),
    modulusLength: 2048,
  },
  'RSA-2048 with SHA-512': {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-512',
    publicExponent: Uint8Array.of(1, 0, 1),
    modulusLength: 2048,
  },
  Ed25519: { name: 'Ed25519' },
} as const;
type KeyType = keyof typeof algorithms;

const client = 'kubernetes.io/kube-apiserver-client';
const kubeletClient = 'kubernetes.io/kube-apiserver-client-kubelet';
const kubeletServing = 'kubernetes.io/kubelet-serving';
const clientAuth = ['client auth'];
const kubeletUsages = ['digital signature', 'client auth'];
const servingUsages = ['server auth', 'digital signature'];
const jane: JsonName = [{ CN: ['jane'] }, { O: ['dev'] }];
const node: JsonName = [{ O: ['system:nodes'] }, { CN: ['system:node:a'] }];
const nodeNames: readonly JsonGeneralName[] = [
  { type: 'ip', value: '10.0.0.7' },
  { type: 'dns', value: 'a.example' },
];
/** May ask, and is approved by nobody but the administrator. */
const somebody = { user: 'somebody', group: 'requesters' };
const hour = 3600;

export const signingCases: readonly SigningCase[] = [
  // Clients of the API.
  { name: 'client', signerName: client, usages: clientAuth, subject: jane, key: 'RSA-2048', outcome: 'signed' },
  {
    name: 'client-names',
    signerName: client,
    usages: ['key encipherment', 'client auth', 'digital signature'],
    subject: jane,
    names: [
      { type: 'url', value: 'spiffe://cluster/jane' },
      { type: 'email', value: 'jane@example.com' },
      { type: 'ip', value: '::ffff:10.0.0.7' },
      { type: 'ip', value: 'fd00::7' },
      { type: 'dns', value: 'jane.example' },
      { type: 'id', value: '1.2.3.4' },
    ],
    outcome: 'signed',
  },
  {
    name: 'client-subject',
    signerName: client,
    usages: clientAuth,
    subject: [
      { CN: ['first'] },
      { '1.2.840.113549.1.9.1': ['jane@example.com'] },
      { L: ['Zürich'] },
      { O: ['zeta', 'alpha'] },
      { OU: ['unit*'] },
      { C: ['CH'] },
      { O: ['müller'] },
      { CN: ['last'] },
    ],
    outcome: 'signed',
  },
  { name: 'client-nameless', signerName: client, usages: clientAuth, subject: [], names: nodeNames, outcome: 'signed' },
  { name: 'client-p384', signerName: client, usages: clientAuth, subject: jane, key: 'P-384', outcome: 'signed' },
  { name: 'client-p521', signerName: client, usages: clientAuth, subject: jane, key: 'P-521', outcome: 'signed' },
  {
    name: 'client-sha512',
    signerName: client,
    usages: clientAuth,
    subject: jane,
    key: 'RSA-2048 with SHA-512',
    outcome: 'signed',
  },
  { name: 'client-usage', signerName: client, usages: ['server auth'], subject: jane, outcome: 'failed' },
  { name: 'client-no-auth', signerName: client, usages: ['digital signature'], subject: jane, outcome: 'failed' },
  {
    name: 'client-masters',
    signerName: client,
    usages: clientAuth,
    subject: [{ O: ['system:masters'] }, { CN: ['jane'] }],
    outcome: 'refused',
  },
  {
    name: 'client-denied',
    signerName: client,
    usages: clientAuth,
    subject: jane,
    decision: 'Denied',
    outcome: 'untouched',
  },
  {
    name: 'client-undecided',
    signerName: client,
    usages: clientAuth,
    subject: jane,
    decision: 'none',
    outcome: 'untouched',
  },
  // How long certificates last.
  ...Object.entries({
    599: 'refused',
    600: 'signed',
    [8 * hour - 1]: 'signed',
    [8 * hour]: 'signed',
    [800 * 24 * hour]: 'signed',
  }).map(([seconds, outcome]) => ({
    name: `lasts-${seconds}`,
    signerName: client,
    usages: clientAuth,
    subject: jane,
    expirationSeconds: Number(seconds),
    outcome: outcome as SigningCase['outcome'],
  })),
  // Kubelets as clients.
  {
    name: 'kubelet',
    signerName: kubeletClient,
    usages: ['key encipherment', ...kubeletUsages],
    subject: node,
    as: somebody,
    key: 'Ed25519',
    outcome: 'signed',
  },
  {
    name: 'kubelet-organizations',
    signerName: kubeletClient,
    usages: kubeletUsages,
    subject: [...node, { O: ['devs'] }],
    outcome: 'failed',
  },
  {
    name: 'kubelet-names',
    signerName: kubeletClient,
    usages: kubeletUsages,
    subject: node,
    names: nodeNames,
    outcome: 'failed',
  },
  {
    name: 'kubelet-address',
    signerName: kubeletClient,
    usages: kubeletUsages,
    subject: node,
    names: nodeNames.slice(0, 1),
    outcome: 'failed',
  },
  {
    name: 'kubelet-name',
    signerName: kubeletClient,
    usages: ['client auth'],
    subject: [{ O: ['system:nodes'] }, { CN: ['jane'] }],
    outcome: 'failed',
  },
  { name: 'kubelet-usages', signerName: kubeletClient, usages: clientAuth, subject: node, outcome: 'failed' },
  // Kubelets as servers.
  {
    name: 'serving',
    signerName: kubeletServing,
    usages: servingUsages,
    subject: node,
    names: nodeNames,
    as: { user: 'system:node:a', group: 'system:nodes' },
    outcome: 'signed',
  },
  ...(
    [
      ['serving-nameless', node, undefined, servingUsages],
      ['serving-email', node, [...nodeNames, { type: 'email', value: 'a@b.example' }], servingUsages],
      ['serving-usages', [{ O: ['system:nodes'] }, { CN: ['jane'] }], nodeNames, ['server auth']],
      ['serving-name', [{ O: ['system:nodes'] }, { CN: ['jane'] }], nodeNames, servingUsages],
      ['serving-organization', jane, nodeNames, servingUsages],
    ] as [string, JsonName, JsonGeneralName[] | undefined, string[]][]
  ).map(([name, subject, names, usages]) => ({
    name,
    signerName: kubeletServing,
    usages,
    subject,
    ...(names && { names }),
    outcome: 'failed' as const,
  })),
  // What is approved without anybody: by the node itself, by a bootstrapper; not another's.
  {
    name: 'auto-self',
    signerName: kubeletClient,
    usages: kubeletUsages,
    subject: node,
    as: { user: 'system:node:a', group: 'system:nodes' },
    decision: 'none',
    outcome: 'signed',
  },
  {
    name: 'auto-bootstrap',
    signerName: kubeletClient,
    usages: kubeletUsages,
    subject: node,
    as: { user: 'system:bootstrap:x', group: 'system:bootstrappers' },
    decision: 'none',
    outcome: 'signed',
  },
  {
    name: 'auto-other',
    signerName: kubeletClient,
    usages: kubeletUsages,
    subject: node,
    as: somebody,
    decision: 'none',
    outcome: 'untouched',
  },
  {
    name: 'auto-usages',
    signerName: kubeletClient,
    usages: clientAuth,
    subject: node,
    as: { user: 'system:bootstrap:x', group: 'system:bootstrappers' },
    decision: 'none',
    outcome: 'untouched',
  },
  // Others' signers.
  {
    name: 'legacy',
    signerName: 'kubernetes.io/legacy-unknown',
    usages: clientAuth,
    subject: jane,
    outcome: 'refused',
  },
  { name: 'foreign', signerName: 'example.com/signer', usages: clientAuth, subject: jane, outcome: 'untouched' },
];

/** The request as PEM, signed with a key that nobody keeps. */
export async function requestPem({ subject, names = [], key = 'P-256' }: SigningCase): Promise<string> {
  const algorithm = algorithms[key];
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const extensions: Extension[] = names.length === 0 ? [] : [new SubjectAlternativeNameExtension([...names])];
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: subject,
    keys,
    signingAlgorithm: algorithm,
    extensions,
  });
  return request.toString('pem');
}
