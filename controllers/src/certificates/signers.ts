import type { CertificateRequest } from './certificate-request.ts';

export const signerNames = {
  apiClient: 'kubernetes.io/kube-apiserver-client',
  kubeletClient: 'kubernetes.io/kube-apiserver-client-kubelet',
  kubeletServing: 'kubernetes.io/kubelet-serving',
  legacyUnknown: 'kubernetes.io/legacy-unknown',
} as const;

type Check = (request: CertificateRequest, usages: readonly string[]) => string | undefined;

const clientUsages = ['digital signature', 'client auth'];
const servingUsages = ['digital signature', 'server auth'];
const rsaUsage = 'key encipherment';

/** What each built-in signer asks of a request; undefined when it is all right (certificates.k8s.io helpers). */
export const signers: ReadonlyMap<string, Check> = new Map<string, Check>([
  [signerNames.apiClient, (_, usages) => checkClientUsages(usages)],
  [signerNames.kubeletClient, checkKubeletClient],
  [signerNames.kubeletServing, checkKubeletServing],
  [signerNames.legacyUnknown, () => undefined],
]);

function checkClientUsages(usages: readonly string[]): string | undefined {
  const bad = usages.find((usage) => ![...clientUsages, rsaUsage].includes(usage));
  if (bad !== undefined) return `invalid usage for client certificate: ${bad}`;
  return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth';
}

export function checkKubeletClient(request: CertificateRequest, usages: readonly string[]): string | undefined {
  if (request.organizations.length !== 1 || request.organizations[0] !== 'system:nodes') {
    return 'subject organization is not system:nodes';
  }
  if (request.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed';
  if (request.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (request.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed';
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed';
  if (!request.commonName.startsWith('system:node:')) return 'subject common name does not begin with system:node:';
  return hasExactly(usages, clientUsages)
    ? undefined
    : 'usages did not match [client auth digital signature key encipherment]';
}

function checkKubeletServing(request: CertificateRequest, usages: readonly string[]): string | undefined {
  if (request.organizations.length !== 1 || request.organizations[0] !== 'system:nodes') {
    return 'subject organization is not system:nodes';
  }
  if (request.dnsNames.length + request.ipAddresses.length === 0) return 'DNS or IP subjectAltName is required';
  if (request.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed';
  if (!hasExactly(usages, servingUsages)) {
    return 'usages did not match [digital signature key encipherment server auth]';
  }
  const named = request.commonName.startsWith('system:node:');
  return named ? undefined : 'subject common name does not begin with system:node:';
}

/** The wanted usages, with or without the one that only RSA keys need. */
function hasExactly(usages: readonly string[], wanted: readonly string[]): boolean {
  const given = new Set(usages.filter((usage) => usage !== rsaUsage));
  return given.size === wanted.length && wanted.every((usage) => given.has(usage));
}
