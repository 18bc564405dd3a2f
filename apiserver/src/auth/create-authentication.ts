import { badRequest, textOfError } from '@coracle/apimachinery/errors';
import type { MetricRegistry } from '../metrics/index.ts';
import type { ApiServerOptions, SecurityContext } from '../options.ts';
import type { IssueToken } from '../resources/parts.ts';
import type { Authentication, Authenticator, TokenAuthenticator } from './authenticator.ts';
import {
  anonymousAuthenticator,
  bootstrapTokenAuthenticator,
  CertificateAuthorities,
  clientCertificateAuthenticator,
  frontProxyAuthenticator,
  ServiceAccountTokenAuthenticator,
} from './authenticators/index.ts';
import { bearerTokenOf } from './authenticators/bearer-token.ts';
import { withAuthenticatedGroup } from './authenticators/users.ts';
import { type AnonymousConfig, openJwtAuthentication } from './jwt/index.ts';
import type { RequestHeaderConfig } from './request-header.ts';
import { openTokenWebhook } from './token-webhook.ts';
import { ServiceAccountKeys } from './tokens/service-account-keys.ts';
import { createTokenIssuer } from './tokens/token-issuer.ts';
import type { TokenService } from './tokens/token-service.ts';

export interface AuthenticationParts {
  /** In the order they are asked. */
  readonly authenticators: readonly Authenticator[];
  readonly tokens: TokenService;
  /** Signs tokens of service accounts; undefined where this server has no key. */
  readonly issueToken: IssueToken | undefined;
  /** For the OpenID documents; undefined where this server has no service accounts. */
  readonly keys: ServiceAccountKeys | undefined;
}

/** Everything that can tell who sends a request, in upstream's order. Throws a StatusError for a file that will not do. */
export async function createAuthentication(
  { environment, options, readers, signal }: SecurityContext,
  registry: MetricRegistry,
  requestHeader?: RequestHeaderConfig,
): Promise<AuthenticationParts> {
  const { listen, serviceAccounts, authentication = {} } = options;
  const keys = serviceAccounts && new ServiceAccountKeys(serviceAccounts, environment.random);
  const audiences = keys?.audiences ?? [];
  const disallowedIssuers = serviceAccounts === undefined ? [] : [serviceAccounts.issuer];
  const jwt = await openJwtAuthentication(authentication, { environment, registry, disallowedIssuers, signal });
  const { webhook } = authentication;
  const bearers: TokenAuthenticator[] = [
    ...(keys === undefined ? [] : [new ServiceAccountTokenAuthenticator(keys, readers, environment.clock)]),
    forAudiences(bootstrapTokenAuthenticator(readers, environment.clock), audiences),
    forAudiences(jwt.authenticator, audiences),
    ...(webhook === undefined ? [] : [await openTokenWebhook(webhook, { environment, audiences, signal })]),
  ];
  const authenticators = [
    ...certificateAuthenticators(requestHeader, listen?.tls.clientAuthorities ?? [], {
      registry,
      clock: environment.clock,
    }),
    bearerAuthenticator(bearers, audiences),
    ...anonymousAuthenticators(options, jwt.anonymous),
  ];
  const tokens: TokenService = {
    audiences,
    authenticate: (token, wanted) => authenticateToken(bearers, token, wanted),
  };
  return { authenticators, tokens, keys, issueToken: keys && createTokenIssuer(keys, environment.clock) };
}

function certificateAuthenticators(
  requestHeader: RequestHeaderConfig | undefined,
  clientAuthorities: readonly string[],
  observer: Parameters<typeof clientCertificateAuthenticator>[1],
): Authenticator[] {
  if (requestHeader === undefined) return [clientCertificateAuthenticator(undefined, observer)];
  return [
    frontProxyAuthenticator(new CertificateAuthorities(requestHeader.authorities), requestHeader),
    clientCertificateAuthenticator(new CertificateAuthorities(clientAuthorities.join('\n')), observer),
  ];
}

/** None where nobody is let in without a credential. */
function anonymousAuthenticators(
  { authentication = {}, authorization }: ApiServerOptions,
  inFile: AnonymousConfig | undefined,
): Authenticator[] {
  const { anonymous: flag, configFile } = authentication;
  // Whoever may do everything has to be somebody, as upstream has it.
  const allowsAll = authorization?.modes?.includes('AlwaysAllow') === true;
  if (inFile === undefined) return flag === false || allowsAll ? [] : [anonymousAuthenticator()];
  if (flag !== undefined) {
    throw badRequest(`${configFile}: anonymous: Forbidden: --anonymous-auth is set, too: one of them says it`);
  }
  const { enabled = false, conditions = [] } = inFile;
  return enabled ? [anonymousAuthenticator(conditions.map(({ path = '' }) => path))] : [];
}

/**
 * Tokens of a kind that knows no audiences are for this server: a review for others does not know them
 * (k8s.io/apiserver pkg/authentication/authenticator/audagnostic.go).
 */
function forAudiences(authenticator: TokenAuthenticator, own: readonly string[]): TokenAuthenticator {
  return {
    async authenticateToken(token, wanted) {
      const audiences = wanted.filter((audience) => own.includes(audience));
      if (wanted.length > 0 && audiences.length === 0) return undefined;
      const answer = await authenticator.authenticateToken(token, wanted);
      return answer && { ...answer, audiences };
    },
  };
}

const unknownToken = 'invalid bearer token';

/** A token that nobody knows is a bad credential: its sender is not let in as anonymous. */
function bearerAuthenticator(bearers: readonly TokenAuthenticator[], audiences: readonly string[]): Authenticator {
  const believe = async (token: string) => {
    const answer = await authenticateToken(bearers, token, audiences);
    if (answer === undefined) throw new Error(unknownToken);
    return answer;
  };
  return {
    name: 'bearer-token',
    authenticate(request) {
      const token = bearerTokenOf(request);
      return token === undefined ? undefined : believe(token);
    },
  };
}

async function authenticateToken(
  bearers: readonly TokenAuthenticator[],
  token: string,
  audiences: readonly string[],
): Promise<Authentication | undefined> {
  const errors: string[] = [];
  for (const bearer of bearers) {
    try {
      const answer = await bearer.authenticateToken(token, audiences);
      if (answer !== undefined) return { ...answer, user: withAuthenticatedGroup(answer.user) };
    } catch (error) {
      errors.push(textOfError(error));
    }
  }
  if (errors.length === 0) return undefined;
  throw new Error(`[${[unknownToken, ...errors].join(', ')}]`);
}
