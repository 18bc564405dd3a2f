import { field, type FieldError } from '@coracle/apimachinery/errors';
import { type ConfigKind, document, flag, listOf, struct, text, texts } from '../../configfile/index.ts';
import { checkClaims } from './check-claims.ts';
import { checkIssuer } from './check-issuer.ts';

/** `--authentication-config`. */
export interface AuthenticationConfiguration {
  readonly jwt?: readonly JwtAuthenticatorConfig[];
  /** Absent: as `--anonymous-auth` says. */
  readonly anonymous?: AnonymousConfig;
}

export interface AnonymousConfig {
  readonly enabled?: boolean;
  /** Paths that it is for; none means all. */
  readonly conditions?: readonly { readonly path?: string }[];
}

/** Believes the tokens of one issuer. Names are upstream's (k8s.io/apiserver pkg/apis/apiserver/v1/types.go). */
export interface JwtAuthenticatorConfig {
  readonly issuer?: IssuerConfig;
  readonly claimValidationRules?: readonly ClaimValidationRule[];
  readonly claimMappings?: ClaimMappings;
  readonly userValidationRules?: readonly { readonly expression?: string; readonly message?: string }[];
}

export interface IssuerConfig {
  readonly url?: string;
  /** Where discovery is fetched, if not below the URL. */
  readonly discoveryURL?: string;
  /** PEM bundle; absent: the system's. */
  readonly certificateAuthority?: string;
  readonly audiences?: readonly string[];
  readonly audienceMatchPolicy?: string;
  readonly egressSelectorType?: string;
}

/** Either a claim with the value it has to have, or an expression that has to hold. */
export interface ClaimValidationRule {
  readonly claim?: string;
  readonly requiredValue?: string;
  readonly expression?: string;
  readonly message?: string;
}

export interface ClaimMappings {
  readonly username?: PrefixedClaimOrExpression;
  readonly groups?: PrefixedClaimOrExpression;
  readonly uid?: { readonly claim?: string; readonly expression?: string };
  readonly extra?: readonly { readonly key?: string; readonly valueExpression?: string }[];
}

export interface PrefixedClaimOrExpression {
  readonly claim?: string;
  /** To be said with a claim, if only as empty. */
  readonly prefix?: string;
  readonly expression?: string;
}

const prefixedClaim = struct('v1.PrefixedClaimOrExpression', { claim: text, prefix: text, expression: text });
const authenticator = struct('v1.JWTAuthenticator', {
  issuer: struct('v1.Issuer', {
    url: text,
    discoveryURL: text,
    certificateAuthority: text,
    audiences: texts,
    audienceMatchPolicy: text,
    egressSelectorType: text,
  }),
  claimValidationRules: listOf(
    struct('v1.ClaimValidationRule', { claim: text, requiredValue: text, expression: text, message: text }),
  ),
  claimMappings: struct('v1.ClaimMappings', {
    username: prefixedClaim,
    groups: prefixedClaim,
    uid: struct('v1.ClaimOrExpression', { claim: text, expression: text }),
    extra: listOf(struct('v1.ExtraMapping', { key: text, valueExpression: text })),
  }),
  userValidationRules: listOf(struct('v1.UserValidationRule', { expression: text, message: text })),
});

/** `disallowedIssuers`: those of this server's own tokens. */
export function authenticationConfigKind(
  disallowedIssuers: readonly string[],
): ConfigKind<AuthenticationConfiguration> {
  return {
    apiVersions: ['v1', 'v1beta1', 'v1alpha1'].map((version) => `apiserver.config.k8s.io/${version}`),
    kind: 'AuthenticationConfiguration',
    schema: document('v1.AuthenticationConfiguration', {
      jwt: listOf(authenticator),
      anonymous: struct('v1.AnonymousAuthConfig', {
        enabled: flag,
        conditions: listOf(struct('v1.AnonymousAuthCondition', { path: text })),
      }),
    }),
    validate: (config) => checkAuthentication(config, disallowedIssuers),
  };
}

const authenticatorsMax = 64;

/** k8s.io/apiserver pkg/apis/apiserver/validation/validation.go. */
export function checkAuthentication(
  { jwt = [], anonymous }: AuthenticationConfiguration,
  disallowedIssuers: readonly string[],
): FieldError[] {
  if (jwt.length > authenticatorsMax) return [field.tooMany('jwt', jwt.length, authenticatorsMax)];
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, each] of jwt.entries()) {
    const path = `jwt[${index}]`;
    errors.push(...checkIssuer(each.issuer ?? {}, `${path}.issuer`, disallowedIssuers));
    errors.push(...checkClaims(each, path).errors);
    for (const name of ['url', 'discoveryURL'] as const) {
      const value = each.issuer?.[name];
      if (!value) continue;
      if (seen.has(`${name} ${value}`)) errors.push(field.duplicate(`${path}.issuer.${name}`, value));
      seen.add(`${name} ${value}`);
    }
  }
  const conditions = anonymous?.conditions ?? [];
  if (anonymous?.enabled !== true && conditions.length > 0) {
    const shown = conditions.map(({ path = '' }) => ({ Path: path }));
    errors.push(
      field.invalid('anonymous.conditions', shown, 'enabled should be set to true when conditions are defined'),
    );
  }
  return errors;
}
