import { quote, textOfError } from '@coracle/apimachinery/errors';
import { deepEqual } from '@coracle/apimachinery/json';
import { CertificateSigningRequests } from '@coracle/apimachinery/resources';
import type { CertificateSigningRequest } from '@coracle/apimachinery/types/certificates-v1';
import { mastersGroup } from '../../auth/index.ts';
import { subjectOfRequest } from '../../auth/certificate-request.ts';
import type { AdmissionContext } from '../../options.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { refuse } from '../refuse.ts';

const clientSigner = 'kubernetes.io/kube-apiserver-client';

/** Who approves a request must have the permission to for its signer. */
export function certificateApproval({ authorizer }: AdmissionContext): AdmissionPlugin {
  return {
    name: 'CertificateApproval',
    operations: ['UPDATE'],
    handles: (attributes) => isRequest(attributes, 'approval'),
    async validate(attributes) {
      const { signerName } = (attributes.oldObject as CertificateSigningRequest).spec;
      if (await mayFor(authorizer, attributes, 'approve', signerName)) return;
      throw refuse(attributes, `user not permitted to approve requests with signerName ${quote(signerName)}`);
    },
  };
}

/** Who signs a request must have the permission to for its signer. */
export function certificateSigning({ authorizer }: AdmissionContext): AdmissionPlugin {
  return {
    name: 'CertificateSigning',
    operations: ['UPDATE'],
    handles: (attributes) => isRequest(attributes, 'status'),
    async validate(attributes) {
      const { spec, status: before = {} } = attributes.oldObject as CertificateSigningRequest;
      const { status: after = {} } = attributes.object as CertificateSigningRequest;
      const same =
        before.certificate === after.certificate && deepEqual(before.conditions ?? [], after.conditions ?? []);
      if (same || (await mayFor(authorizer, attributes, 'sign', spec.signerName))) return;
      throw refuse(attributes, `user not permitted to sign requests with signerName ${quote(spec.signerName)}`);
    },
  };
}

/** The signer of API clients makes nobody a member of `system:masters`. */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  operations: ['CREATE'],
  handles: (attributes) => isRequest(attributes, ''),
  async validate(attributes) {
    const { signerName, request } = (attributes.object as CertificateSigningRequest).spec;
    if (signerName !== clientSigner) return;
    let organizations: readonly string[];
    try {
      ({ organizations } = await subjectOfRequest(Buffer.from(request, 'base64').toString()));
    } catch (error) {
      throw refuse(attributes, `failed to parse CSR: ${textOfError(error)}`);
    }
    if (organizations.includes(mastersGroup)) {
      throw refuse(attributes, `use of ${clientSigner} signer with ${mastersGroup} group is not allowed`);
    }
  },
};

function isRequest({ resource, subresource }: AdmissionAttributes, wanted: string): boolean {
  const { group, resource: name } = CertificateSigningRequests;
  return resource.resource === name && resource.group === group && subresource === wanted;
}

/** The permission is for the signer, or for all signers of its domain. */
async function mayFor(
  authorizer: AdmissionContext['authorizer'],
  { user }: AdmissionAttributes,
  verb: string,
  signerName: string,
): Promise<boolean> {
  const domain = signerName.slice(0, Math.max(0, signerName.indexOf('/')));
  for (const name of [signerName, `${domain}/*`]) {
    const { decision } = await authorizer.authorize({
      user,
      verb,
      isResourceRequest: true,
      namespace: '',
      apiGroup: 'certificates.k8s.io',
      apiVersion: '*',
      resource: 'signers',
      subresource: '',
      name,
      path: '',
    });
    if (decision === 'allow') return true;
  }
  return false;
}
