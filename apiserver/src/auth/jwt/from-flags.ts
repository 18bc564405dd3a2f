import { invalid } from '@coracle/apimachinery/errors';
import { readText } from '../../configfile/index.ts';
import { type AuthenticationConfiguration, checkAuthentication, type JwtAuthenticatorConfig } from './configuration.ts';

/** One issuer, as kube-apiserver's `--oidc-…` flags describe it. */
export interface OidcOptions {
  readonly issuerUrl: string;
  readonly clientId: string;
  /** Default `sub`. */
  readonly usernameClaim?: string;
  /** `-` for none. Default: the issuer's URL and `#`, none where the claim is `email`. */
  readonly usernamePrefix?: string;
  readonly groupsClaim?: string;
  readonly groupsPrefix?: string;
  readonly requiredClaims?: Readonly<Record<string, string>>;
  /** Default `RS256`. */
  readonly signingAlgorithms?: readonly string[];
  /** PEM bundle. */
  readonly caFile?: string;
}

/** Throws a StatusError that names the flags' part which will not do. */
export async function configurationOfFlags(
  options: OidcOptions,
  disallowedIssuers: readonly string[],
): Promise<AuthenticationConfiguration> {
  const authority = options.caFile === undefined ? {} : { certificateAuthority: await readText(options.caFile) };
  const configuration = { jwt: [authenticatorOf(options, authority)] };
  const errors = checkAuthentication(configuration, disallowedIssuers);
  if (errors.length === 0) return configuration;
  throw invalid({ group: 'apiserver.config.k8s.io', kind: 'AuthenticationConfiguration' }, '--oidc-…', errors);
}

function authenticatorOf(options: OidcOptions, authority: { certificateAuthority?: string }): JwtAuthenticatorConfig {
  const { issuerUrl: url, clientId, usernameClaim = 'sub', groupsClaim, groupsPrefix = '' } = options;
  const required = Object.entries(options.requiredClaims ?? {});
  return {
    issuer: { url, audiences: [clientId], ...authority },
    claimMappings: {
      username: { claim: usernameClaim, prefix: usernamePrefix(options, usernameClaim) },
      ...(groupsClaim === undefined ? {} : { groups: { claim: groupsClaim, prefix: groupsPrefix } }),
    },
    claimValidationRules: required.map(([claim, requiredValue]) => ({ claim, requiredValue })),
  };
}

function usernamePrefix({ issuerUrl, usernamePrefix: given = '' }: OidcOptions, claim: string): string {
  if (given === '-') return '';
  return given === '' && claim !== 'email' ? `${issuerUrl}#` : given;
}
