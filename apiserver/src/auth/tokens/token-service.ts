import type { Authentication } from '../authenticator.ts';

/** What strategies may do with tokens: check one (TokenReview), issue one (`serviceaccounts/token`). */
export interface TokenService {
  /** Undefined: nobody knows this token. Throws where somebody does and it is bad. */
  authenticate(token: string, audiences: readonly string[]): Promise<Authentication | undefined>;
  /** Audiences of this server, the default of reviews and requests; empty where it has no service accounts. */
  readonly audiences: readonly string[];
  /** Signs a token; undefined where this server has no key. */
  readonly issue: ((claims: ServiceAccountTokenClaims) => string) | undefined;
}

/** Knows no tokens and issues none. */
export const noTokens: TokenService = { audiences: [], authenticate: async () => undefined, issue: undefined };

/** Whom a token is for and what it is bound to. */
export interface ServiceAccountTokenClaims {
  readonly namespace: string;
  readonly serviceAccount: ObjectReference;
  readonly audiences: readonly string[];
  /** Seconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** When the token should have been renewed, of tokens that live longer than was asked for. */
  readonly warnAfter?: number;
  /** A token dies with the object it is bound to. */
  readonly pod?: ObjectReference;
  readonly secret?: ObjectReference;
  /** The pod's node, or what the token is bound to where there is neither pod nor secret. */
  readonly node?: ObjectReference;
}

export interface ObjectReference {
  readonly name: string;
  readonly uid: string;
}
