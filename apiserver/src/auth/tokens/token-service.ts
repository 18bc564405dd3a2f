import type { Authentication } from '../authenticator.ts';

/** What strategies may do with tokens of others. */
export interface TokenService {
  /** Undefined: nobody knows this token. Throws where somebody does and it is bad. */
  authenticate(token: string, audiences: readonly string[]): Promise<Authentication | undefined>;
  /** Audiences of this server, the default of reviews; empty where it has no service accounts. */
  readonly audiences: readonly string[];
}

/** Knows no tokens. */
export const noTokens: TokenService = { audiences: [], authenticate: async () => undefined };
