import type { Clock } from '@coracle/apimachinery/clock';
import type { IssueToken } from '../../resources/parts.ts';
import type { ServiceAccountKeys } from './service-account-keys.ts';

/**
 * Pods of before bound tokens read theirs once and for all: a token of exactly this life, which is what the
 * ServiceAccount plug-in asks for, lives a year and says when it should have been read again (pkg/serviceaccount/claims.go).
 */
const extendedFromSeconds = 3607;
const extendedToSeconds = 365 * 24 * 3600;

/** Issues the tokens of the `serviceaccounts/token` subresource. */
export function createTokenIssuer(keys: ServiceAccountKeys, clock: Clock): IssueToken {
  return async ({ expirationSeconds, audiences, ...claims }) => {
    const wanted = audiences.length === 0 ? keys.audiences : audiences;
    const issuedAt = Math.floor(clock.now() / 1000);
    const ownAudience = wanted.every((audience) => keys.audiences.includes(audience));
    const extended = expirationSeconds === extendedFromSeconds && claims.pod !== undefined && ownAudience;
    const token = keys.issue({
      ...claims,
      audiences: wanted,
      issuedAt,
      expiresAt: issuedAt + (extended ? extendedToSeconds : expirationSeconds),
      ...(extended ? { warnAfter: issuedAt + expirationSeconds } : {}),
    });
    const expiration = new Date((issuedAt + expirationSeconds) * 1000).toISOString().replace('.000', '');
    return { token, audiences: wanted, expirationTimestamp: expiration };
  };
}
