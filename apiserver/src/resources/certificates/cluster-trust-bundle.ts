import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { ClusterTrustBundle } from '@coracle/apimachinery/types/certificates-v1';
import { byteLength, nameIsDnsSubdomain, validateImmutable } from '@coracle/apimachinery/validation';
import { specOf } from '../shared/pod-template.ts';
import type { Strategy } from '../shared/registry.ts';
import { validateSignerName } from '../shared/signer-name.ts';
import { column, nameColumn, orNone } from '../shared/table.ts';
import { parseCertificate, type PemBlock, pemBlocks } from './pem.ts';

const trustBundleBytesMax = 1024 * 1024;

export const clusterTrustBundleStrategy: Strategy<ClusterTrustBundle> = {
  resource: { group: 'certificates.k8s.io', resource: 'clustertrustbundles' },
  validateName: (name, prefix, object) => bundleNameProblems(name, prefix, object.spec?.signerName ?? ''),
  judgesNamesAgain: true,
  generation: 'none',
  unconditionalUpdate: false,
  validate(object, old) {
    const { signerName = '', trustBundle = '' } = specOf(object);
    const errors = signerName === '' ? [] : validateSignerName(signerName, 'spec.signerName');
    // What was taken once is not read again: what counts as a certificate may change.
    return trustBundle === old?.spec?.trustBundle ? errors : [...errors, ...validateTrustBundle(trustBundle)];
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

/** Certificates of authorities, each once (pkg/apis/certificates/validation.validateTrustBundle). */
function validateTrustBundle(bundle: string): FieldError[] {
  const path = 'spec.trustBundle';
  const wrong = (text: string) => field.invalid(path, '<value omitted>', text);
  if (byteLength(bundle) > trustBundleBytesMax) return [field.tooLong(path, trustBundleBytesMax)];
  const blocks = pemBlocks(bundle);
  const errors = blocks.flatMap((block, index) => {
    const problem = anchorProblem(block);
    return problem === undefined ? [] : [wrong(`entry ${index} ${problem}`)];
  });
  if (errors.length > 0) return errors;
  if (blocks.length === 0) return [wrong('at least one trust anchor must be provided')];
  const places = Map.groupBy(blocks.keys(), (index) => blocks[index]?.der.toString('latin1'));
  return [...places.values()]
    .filter((indices) => indices.length > 1)
    .map((indices) => wrong(`duplicate trust anchor (indices [${indices.join(' ')}])`));
}

function anchorProblem({ type, hasHeaders, der }: PemBlock): string | undefined {
  if (type !== 'CERTIFICATE') return `has bad block type: ${type}`;
  if (hasHeaders) return 'has PEM block headers';
  const certificate = parseCertificate(der);
  if (certificate === undefined) return 'does not parse as X.509';
  return certificate.ca ? undefined : 'does not have the CA bit set';
}
