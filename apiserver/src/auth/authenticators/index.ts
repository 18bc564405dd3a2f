/** Who sends a request: one file a kind of credential. */
export { anonymousAuthenticator } from './anonymous.ts';
export { bootstrapTokenAuthenticator } from './bootstrap-token.ts';
export { CertificateAuthorities, certificatesIn, clientCertificateAuthenticator } from './client-certificate.ts';
export { frontProxyAuthenticator } from './front-proxy.ts';
export { ServiceAccountTokenAuthenticator } from './service-account-token.ts';
export {
  authenticatedGroup,
  mastersGroup,
  nodeNameOf,
  nodeUserPrefix,
  serviceAccountGroups,
  serviceAccountUser,
  serviceAccountUsername,
} from './users.ts';
