import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { ClusterTrustBundle, PodCertificateRequest } from '@coracle/apimachinery/types/certificates-v1';
import { nameIsDnsSubdomain, validateImmutable } from '@coracle/apimachinery/validation';
import { specOf } from '../shared/pod-template.ts';
import type { Strategy } from '../shared/registry.ts';
import { specAndMetadata } from '../shared/status-resets.ts';
import { column, labelsText, nameColumn, orNone, wideColumn } from '../shared/table.ts';
import { validateSignerName } from '../shared/signer-name.ts';

export const clusterTrustBundleStrategy: Strategy<ClusterTrustBundle> = {
  resource: { group: 'certificates.k8s.io', resource: 'clustertrustbundles' },
  validateName: (name, prefix, object) => bundleNameProblems(name, prefix, object.spec?.signerName ?? ''),
  judgesNamesAgain: true,
  generation: 'none',
  unconditionalUpdate: false,
  validate(object) {
    const { signerName = '', trustBundle = '' } = specOf(object);
    const errors = signerName === '' ? [] : validateSignerName(signerName, 'spec.signerName');
    if (!trustBundle.includes('-----BEGIN CERTIFICATE-----')) {
      errors.push(field.invalid('spec.trustBundle', '<value omitted>', 'at least one trust anchor must be provided'));
    }
    return errors;
  },
  validateUpdate: (object, old) => validateImmutable(object.spec?.signerName, old.spec?.signerName, 'spec.signerName'),
  fields: (object) => ({ 'spec.signerName': object.spec?.signerName ?? '' }),
  table: {
    columns: [nameColumn, column('SignerName', 'string', 'Signer whose trust anchors these are')],
    row: (object) => [object.metadata?.name, orNone(object.spec?.signerName)],
  },
};

/** The bundles of a signer are named after it. */
function bundleNameProblems(name: string, prefix: boolean, signerName: string): readonly string[] {
  if (signerName === '') {
    if (name.includes(':')) return ['ClusterTrustBundle without signer name must not have ":" in its name'];
    return nameIsDnsSubdomain(name, prefix);
  }
  const required = `${signerName.replaceAll('/', ':')}:`;
  if (name.startsWith(required)) return nameIsDnsSubdomain(name.slice(required.length), prefix);
  return [`ClusterTrustBundle for signerName ${signerName} must be named with prefix ${required}`];
}

export const podCertificateRequestStrategy: Strategy<PodCertificateRequest> = {
  resource: { group: 'certificates.k8s.io', resource: 'podcertificaterequests' },
  unconditionalUpdate: false,
  generation: 'none',
  validate: (object) => validateSignerName(specOf(object).signerName ?? '', 'spec.signerName'),
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
      status?.conditions?.findLast(({ type }) => ['Issued', 'Denied', 'Failed'].includes(type))?.type ?? 'Pending',
      labelsText(spec?.unverifiedUserAnnotations),
    ],
  },
  subresources: { status: { type: 'update', resetFields: specAndMetadata } },
};
