import { isDeepStrictEqual } from 'node:util';
import type { Environment } from '@coracle/apimachinery/component';
import { badRequest } from '@coracle/apimachinery/errors';
import { createReloadMetrics, followFile, NotYet, parseConfig, readText } from '../../configfile/index.ts';
import type { MetricRegistry } from '../../metrics/index.ts';
import type { TokenAuthenticator } from '../authenticator.ts';
import { signingAlgorithms } from '../tokens/signatures.ts';
import { type AnonymousConfig, type AuthenticationConfiguration, authenticationConfigKind } from './configuration.ts';
import { configurationOfFlags, type OidcOptions } from './from-flags.ts';
import { JwtAuthenticators } from './jwt-authenticators.ts';

/** How long new issuers are waited for before the old ones stay. */
const updateTimeoutMs = 60_000;
/** How long old issuers go on for requests that were begun with them. */
const retirementMs = 60_000;

export interface JwtOptions {
  /** `--authentication-config`; not together with `oidc`. */
  readonly configFile?: string;
  readonly oidc?: OidcOptions;
}

export interface JwtDependencies {
  readonly environment: Pick<Environment, 'clock' | 'log'>;
  readonly registry: MetricRegistry;
  /** Issuers of this server's own tokens. */
  readonly disallowedIssuers: readonly string[];
  readonly signal: AbortSignal;
}

export interface JwtAuthentication {
  readonly authenticator: TokenAuthenticator;
  /** What the file says of those without credentials. */
  readonly anonymous: AnonymousConfig | undefined;
}

/** Reads file or flags, and follows the file. Throws a StatusError that names what will not do. */
export async function openJwtAuthentication(
  options: JwtOptions,
  { environment, registry, disallowedIssuers, signal }: JwtDependencies,
): Promise<JwtAuthentication> {
  const { configFile, oidc } = options;
  const make = (config: AuthenticationConfiguration, algorithms: readonly string[]) =>
    new JwtAuthenticators(config.jwt ?? [], { environment, algorithms, signal });
  if (configFile === undefined) {
    const { signingAlgorithms: algorithms = ['RS256'] } = oidc ?? {};
    const unsupported = algorithms.find((algorithm) => !signingAlgorithms.includes(algorithm));
    if (unsupported !== undefined) throw badRequest(`oidc: unsupported signing alg: ${JSON.stringify(unsupported)}`);
    const config = oidc === undefined ? {} : await configurationOfFlags(oidc, disallowedIssuers);
    const current = make(config, algorithms);
    return { authenticator: asAuthenticator(() => current), anonymous: undefined };
  }
  const kind = authenticationConfigKind(disallowedIssuers);
  const content = await readText(configFile);
  const initial = parseConfig(configFile, content, kind);
  let current = make(initial, signingAlgorithms);
  const apply = async (changed: string) => {
    const config = parseConfig(configFile, changed, kind);
    if (!isDeepStrictEqual(config.anonymous, initial.anonymous)) {
      throw badRequest(`${configFile}: anonymous: Forbidden: changed from initial configuration file`);
    }
    const next = make(config, signingAlgorithms);
    await waitUntilReady(next, environment.clock);
    const old = current;
    current = next;
    environment.clock.after(retirementMs, () => old.stop());
  };
  const onChange = createReloadMetrics(registry, 'authentication', environment.clock);
  followFile(environment, { path: configFile, content, apply, onChange, signal });
  return { authenticator: asAuthenticator(() => current), anonymous: initial.anonymous };
}

/** Throws NotYet where some issuer cannot be asked in time. */
function waitUntilReady(authenticators: JwtAuthenticators, clock: Environment['clock']): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(updateTimeoutMs, () => {
      reject(new NotYet(authenticators.problem ?? ''));
      authenticators.stop();
    });
    const done = () => timer.cancel();
    authenticators.ready.then(() => resolve(), reject).finally(done);
  });
}

function asAuthenticator(current: () => JwtAuthenticators): TokenAuthenticator {
  return { authenticateToken: (token) => current().authenticate(token) };
}
