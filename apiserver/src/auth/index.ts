/** Who sends a request (authenticators) and whether they may (authorizers), with the policy every cluster begins with. */
export type { Authentication, Authenticator, TokenAuthenticator } from './authenticator.ts';
export type {
  AuthorizationAttributes,
  AuthorizationDecision,
  Authorizer,
  NonResourceRule,
  ResourceRule,
  UserRules,
} from './authorizer.ts';
export {
  authenticatedGroup,
  certificatesIn,
  mastersGroup,
  nodeNameOf,
  nodesGroup,
  nodeUserPrefix,
  serviceAccountGroups,
  serviceAccountUser,
  serviceAccountUsername,
} from './authenticators/index.ts';
export { createAuthentication, type AuthenticationParts } from './create-authentication.ts';
export { authorizerChain } from './authorization/authorizer-chain.ts';
export { createAuthorization } from './authorization/create-authorization.ts';
export type { AuthorizationOptions, WebhookModeOptions } from './authorization/options.ts';
export { identityHeaderRemover, readRequestHeaderConfig, type RequestHeaderConfig } from './request-header.ts';
export { ensureBootstrapPolicy } from './rbac/bootstrap-policy.ts';
export { checkBindingEscalation, checkRoleEscalation } from './rbac/escalation.ts';
export { openIdConfiguration, openIdKeys, ServiceAccountKeys } from './tokens/service-account-keys.ts';
export { noTokens, type TokenService } from './tokens/token-service.ts';
