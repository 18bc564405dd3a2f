import { quote, textOfError } from '@coracle/apimachinery/errors';
import { deepEqual } from '@coracle/apimachinery/json';
import { CertificateSigningRequests, ClusterTrustBundles } from '@coracle/apimachinery/resources';
import type { CertificateSigningRequest, ClusterTrustBundle } from '@coracle/apimachinery/types/certificates-v1';
import { mastersGroup } from '../../auth/index.ts';
import { isAuthorizedForSigner } from '../../auth/signers.ts';
import { subjectOfRequest } from '../../auth/certificate-request.ts';
import type { AdmissionContext } from '../../options.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { onlyBookkeeping } from '../../resources/shared/bookkeeping.ts';
import { isOf, refuse } from '../refuse.ts';

const clientSigner = 'kubernetes.io/kube-apiserver-client';

/** Who approves a request must have the permission to for its signer. */
export function certificateApproval({ authorizer }: AdmissionContext): AdmissionPlugin {
  return {
    name: 'CertificateApproval',
    operations: ['UPDATE'],
    handles: (attributes) => isRequest(attributes, 'approval'),
    async validate(attributes) {
      const { signerName } = (attributes.oldObject as CertificateSigningRequest).spec;
      if (await isAuthorizedForSigner(authorizer, attributes.user, 'approve', signerName)) return;
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
      if (same || (await isAuthorizedForSigner(authorizer, attributes.user, 'sign', spec.signerName))) return;
      throw refuse(attributes, `user not permitted to sign requests with signerName ${quote(spec.signerName)}`);
    },
  };
}

/** Who says what to trust a signer by must have the permission to for it. */
export function clusterTrustBundleAttest({ authorizer }: AdmissionContext): AdmissionPlugin {
  return {
    name: 'ClusterTrustBundleAttest',
    operations: ['CREATE', 'UPDATE'],
    handles: (attributes) => isOf(attributes, ClusterTrustBundles),
    async validate(attributes) {
      const { object, oldObject, user } = attributes;
      const { signerName } = (object as ClusterTrustBundle).spec;
      if (!signerName || (oldObject !== undefined && onlyBookkeeping(object as ClusterTrustBundle, oldObject))) return;
      if (await isAuthorizedForSigner(authorizer, user, 'attest', signerName)) return;
      throw refuse(attributes, `user not permitted to attest for signerName ${quote(signerName)}`);
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
