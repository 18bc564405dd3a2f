import type { UserInfo } from '../http/api-request.ts';
import { type Authorizer, isAllowed } from './authorizer.ts';

/** What is done in the name of a signer: its requests are approved or signed, its trust anchors attested. */
type SignerVerb = 'approve' | 'sign' | 'attest';

/**
 * Whether somebody has the permission for this signer, or for all signers of its domain
 * (pkg/registry/certificates/… certauthorization.IsAuthorizedForSignerName).
 */
export async function isAuthorizedForSigner(
  authorizer: Authorizer,
  user: UserInfo,
  verb: SignerVerb,
  signerName: string,
): Promise<boolean> {
  const domain = signerName.slice(0, Math.max(0, signerName.indexOf('/')));
  for (const name of [signerName, `${domain}/*`]) {
    const question = { apiGroup: 'certificates.k8s.io', resource: 'signers', name };
    if (await isAllowed(authorizer, user, verb, question)) return true;
  }
  return false;
}
