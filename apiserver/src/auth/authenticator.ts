import type { ApiRequest, UserInfo } from '../http/api-request.ts';

/**
 * Says who sent a request. The authentication filter asks each authenticator of the list in order (upstream's order:
 * front proxy, client certificate, bearer token, anonymous last) and takes the first answer.
 *
 * - Return `undefined`: there is no credential of this kind on the request, ask the next one.
 * - Return an `Authentication`: this is who it is. The filter adds the group `system:authenticated` unless the user is in
 *   `system:unauthenticated`.
 * - Throw: a credential of this kind is there but bad. Others are asked all the same, those of last resort excepted; where
 *   nobody knows the caller the answer is 401 Unauthorized, and the error's message goes to the log only.
 */
export interface Authenticator {
  /** For logs: `x509`, `bearer-token`. */
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

/** Knows tokens of one kind: those that requests bear, and those that a TokenReview asks about. */
export interface TokenAuthenticator {
  /** Undefined: not a token of this kind. Throws where it is one and bad. */
  authenticateToken(
    token: string,
    audiences: readonly string[],
  ): Authentication | undefined | Promise<Authentication | undefined>;
}
