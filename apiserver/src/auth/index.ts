/** Who sends a request (authenticators) and whether they may (authorizers), with the policy every cluster begins with. */
export {
  authenticatedGroup,
  certificatesIn,
  mastersGroup,
  nodeNameOf,
  nodeUserPrefix,
  serviceAccountGroups,
} from './authenticators/index.ts';
export { createAuthentication } from './create-authentication.ts';
export { authorizerChain } from './authorization/authorizer-chain.ts';
export { createAuthorization } from './authorization/create-authorization.ts';
export { identityHeaderRemover, readRequestHeaderConfig, type RequestHeaderConfig } from './request-header.ts';
export { ensureBootstrapPolicy } from './rbac/bootstrap-policy.ts';
export { checkBindingEscalation, checkRoleEscalation } from './rbac/escalation.ts';
export { openIdConfiguration, openIdKeys, ServiceAccountKeys } from './tokens/service-account-keys.ts';
