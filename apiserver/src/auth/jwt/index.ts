/** Tokens of OpenID Connect issuers: how they are configured, whether they are believed, and whom they describe. */
export type { AnonymousConfig } from './configuration.ts';
export { type JwtOptions, openJwtAuthentication } from './open-jwt-authentication.ts';
