import type { ApiRequest, UserInfo } from '../http/api-request.ts';

/**
 * Says who sent a request. The authentication filter asks each authenticator of the list in order (upstream's order:
 * front proxy, client certificate, bearer tokens, bootstrap tokens, anonymous last) and takes the first answer.
 *
 * - Return `undefined`: there is no credential of this kind on the request, ask the next one.
 * - Return an `Authentication`: this is who it is. The filter adds the group `system:authenticated` unless the user is
 *   `system:anonymous`, and takes the `Authorization` header off before anything else sees the request.
 * - Throw: a credential of this kind is there but bad. Others are asked all the same, those of last resort excepted; where
 *   nobody knows the caller the answer is 401 Unauthorized, and the error's message goes to the log only.
 */
export interface Authenticator {
  /** For logs and metrics: `x509`, `service-account-token`. */
  readonly name: string;
  /** Not asked about a request that carries a bad credential: anonymous. */
  readonly lastResort?: boolean;
  authenticate(request: ApiRequest): Authentication | undefined | Promise<Authentication | undefined>;
}

export interface Authentication {
  readonly user: UserInfo;
  /** Audiences the credential is good for; absent where the kind of credential knows none. */
  readonly audiences?: readonly string[];
}

/** Checks a bare token for TokenReview, which has no request to look at; implemented by the bearer authenticators. */
export interface TokenAuthenticator extends Authenticator {
  /** Undefined: not a token of this kind. Throws where it is one and bad. */
  authenticateToken(
    token: string,
    audiences: readonly string[],
  ): Authentication | undefined | Promise<Authentication | undefined>;
}
