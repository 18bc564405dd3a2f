import { type FieldError, field, omitted } from '@coracle/apimachinery/errors';
import type { PodCertificateRequest, PodCertificateRequestSpec } from '@coracle/apimachinery/types/certificates-v1';
import { byteLength, dns1123Subdomain, validateImmutable } from '@coracle/apimachinery/validation';
import { certificateSecondsMax, certificateSecondsMin, validateUserAnnotations } from '../shared/pod-certificate.ts';
import { formatErrors } from '../shared/field-rules.ts';
import { specOf } from '../shared/pod-template.ts';
import type { Strategy } from '../shared/registry.ts';
import { validateSignerName } from '../shared/signer-name.ts';
import { specAndMetadata } from '../shared/status-resets.ts';
import { column, labelsText, nameColumn, wideColumn } from '../shared/table.ts';
import { readKeyRequest } from './key-request.ts';
import { ending, validateStatusUpdate } from './pod-certificate-status.ts';

const uidBytesMax = 128;
const requestBytesMax = 10 * 1024;
const requestPath = 'spec.stubPKCS10Request';

export const podCertificateRequestStrategy: Strategy<PodCertificateRequest> = {
  resource: { group: 'certificates.k8s.io', resource: 'podcertificaterequests' },
  unconditionalUpdate: false,
  generation: 'none',
  validate: (object, old) => (old === undefined ? validateSpec(specOf(object)) : []),
  validateUpdate: (object, old) => validateImmutable(object.spec, old.spec, 'spec'),
  fields: (object) => ({
    'spec.signerName': object.spec?.signerName ?? '',
    'spec.podName': object.spec?.podName ?? '',
    'spec.nodeName': object.spec?.nodeName ?? '',
  }),
  table: {
    columns: [
      nameColumn,
      column('PodName', 'string', 'Pod that the certificate is for'),
      column('ServiceAccountName', 'string', 'Service account of the pod'),
      column('NodeName', 'string', 'Node of the pod'),
      column('SignerName', 'string', 'Who shall sign'),
      column('State', 'string', 'How far the request is'),
      wideColumn('UnverifiedUserAnnotations', 'string', 'What the pod adds'),
    ],
    row: ({ metadata, spec, status }) => [
      metadata?.name,
      spec?.podName,
      spec?.serviceAccountName,
      spec?.nodeName,
      spec?.signerName,
      status?.conditions?.findLast(({ type }) => ending.includes(type))?.type ?? 'Pending',
      labelsText(spec?.unverifiedUserAnnotations),
    ],
  },
  subresources: {
    status: { type: 'update', resetFields: specAndMetadata, validateUpdate: validateStatusUpdate },
  },
};

/** pkg/apis/certificates/validation.ValidatePodCertificateRequestCreate */
async function validateSpec(spec: Partial<PodCertificateRequestSpec>): Promise<FieldError[]> {
  const errors = [
    ...validateSignerName(spec.signerName ?? '', 'spec.signerName'),
    ...validateUserAnnotations(spec.unverifiedUserAnnotations, 'spec.unverifiedUserAnnotations'),
    ...validateWhose('pod', spec.podName, spec.podUID),
    ...validateWhose('serviceAccount', spec.serviceAccountName, spec.serviceAccountUID),
    ...validateWhose('node', spec.nodeName, spec.nodeUID),
  ];
  if (spec.maxExpirationSeconds === undefined) {
    return [...errors, field.required('spec.maxExpirationSeconds', 'must be set')];
  }
  errors.push(...validateSeconds(spec.maxExpirationSeconds, spec.signerName ?? ''));
  return [...errors, ...(await validateKeyRequest(spec.stubPKCS10Request ?? ''))];
}

/** Name and UID of what the certificate speaks for. */
function validateWhose(what: string, name = '', uid = ''): FieldError[] {
  const errors = formatErrors(dns1123Subdomain, name, `spec.${what}Name`);
  if (uid === '') errors.push(field.invalid(`spec.${what}UID`, uid, 'must not be empty'));
  if (byteLength(uid) > uidBytesMax) errors.push(field.tooLong(`spec.${what}UID`, uidBytesMax));
  return errors;
}

function validateSeconds(seconds: number, signerName: string): FieldError[] {
  const most = certificateSecondsMax(signerName);
  if (seconds >= certificateSecondsMin && seconds <= most) return [];
  const text = `must be in the range [${certificateSecondsMin}, ${most}]`;
  return [field.invalid('spec.maxExpirationSeconds', seconds, text)];
}

async function validateKeyRequest(base64: string): Promise<FieldError[]> {
  if (base64 === '') {
    const text = 'exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set';
    return [field.invalid('spec', omitted, text)];
  }
  const der = Buffer.from(base64, 'base64');
  if (der.length > requestBytesMax) return [field.tooLong(requestPath, requestBytesMax)];
  const request = await readKeyRequest(der);
  if (request === undefined) return [field.invalid(requestPath, omitted, 'must be a valid PKCS#10 CSR')];
  const { problem } = request;
  if (problem !== undefined) return [field.invalid(requestPath, problem.value ?? omitted, problem.detail)];
  return request.isSigned ? [] : [field.invalid(requestPath, omitted, 'invalid signature')];
}
