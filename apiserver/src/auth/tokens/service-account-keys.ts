import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { Random } from '@coracle/apimachinery/clock';
import type { ServiceAccountOptions } from '../../options.ts';
import { newUuid } from '../../registry/uuid.ts';
import { serviceAccountUsername } from '../authenticators/users.ts';
import { signToken, type UnverifiedToken, VerifyingKey } from './json-web-token.ts';

/** What a token says. */
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

/** The keys of service-account tokens: one signs, several are believed. */
export class ServiceAccountKeys {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly verifyingKeys: readonly VerifyingKey[];
  readonly #signingKey: KeyObject;
  readonly #random: Random;

  /** Throws where a key cannot be read. */
  constructor({ issuer, signingKey, verifyingKeys = [], audiences }: ServiceAccountOptions, random: Random) {
    this.issuer = issuer;
    this.audiences = audiences ?? [issuer];
    this.#signingKey = createPrivateKey(signingKey);
    this.verifyingKeys = [signingKey, ...verifyingKeys].map((pem) => new VerifyingKey(pem));
    this.#random = random;
  }

  verifies(token: UnverifiedToken): boolean {
    const { kid } = token.header;
    return this.verifyingKeys.some((key) => (kid === undefined || kid === key.id) && key.verifies(token));
  }

  /** k8s.io/kubernetes pkg/serviceaccount/claims.go. */
  issue(claims: ServiceAccountTokenClaims): string {
    const { namespace, serviceAccount, pod, secret, node, warnAfter } = claims;
    return signToken(this.#signingKey, this.verifyingKeys[0] as VerifyingKey, {
      aud: claims.audiences,
      exp: claims.expiresAt,
      iat: claims.issuedAt,
      iss: this.issuer,
      jti: newUuid(this.#random),
      'kubernetes.io': {
        namespace,
        ...(node === undefined ? {} : { node }),
        ...(pod === undefined ? {} : { pod }),
        ...(secret === undefined ? {} : { secret }),
        serviceaccount: serviceAccount,
        ...(warnAfter === undefined ? {} : { warnafter: warnAfter }),
      },
      nbf: claims.issuedAt,
      sub: serviceAccountUsername(namespace, serviceAccount.name),
    });
  }
}

/** `/.well-known/openid-configuration`; upstream pkg/serviceaccount/openidmetadata.go. */
export function openIdConfiguration(keys: ServiceAccountKeys, jwksUri: string): object {
  return {
    issuer: keys.issuer,
    jwks_uri: jwksUri,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...new Set(keys.verifyingKeys.map((key) => key.algorithm))].toSorted(),
  };
}

/** `/openid/v1/jwks`. */
export function openIdKeys(keys: ServiceAccountKeys): object {
  return { keys: keys.verifyingKeys.map((key) => key.toJsonWebKey()) };
}
