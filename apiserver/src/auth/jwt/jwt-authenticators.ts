import { createHash } from 'node:crypto';
import type { Environment } from '@coracle/apimachinery/component';
import { textOfError } from '@coracle/apimachinery/errors';
import { ExpiringCache } from '../../webhooks/index.ts';
import type { Authentication } from '../authenticator.ts';
import { parseToken } from '../tokens/json-web-token.ts';
import { checkClaims, type ClaimPrograms } from './check-claims.ts';
import type { JwtAuthenticatorConfig } from './configuration.ts';
import { DistributedClaim } from './distributed-claims.ts';
import { Issuer } from './issuer.ts';
import { createIssuerClient } from './issuer-client.ts';
import { userOfClaims } from './map-claims.ts';

export interface JwtDependencies {
  readonly environment: Pick<Environment, 'clock' | 'log'>;
  /** `alg` of tokens that are believed. */
  readonly algorithms: readonly string[];
  /** Aborted when the server stops. */
  readonly signal: AbortSignal;
}

/** How long a token is not looked at again once it was believed, upstream's time; it may have ended since. */
const believedMs = 10_000;
const believedMax = 4096;

/** The issuers of one configuration. Each begins to be asked for its keys at once; nobody waits for that. */
export class JwtAuthenticators {
  readonly #byIssuer: ReadonlyMap<string, JwtAuthenticator>;
  readonly #believed: ExpiringCache<Authentication>;
  readonly #stopping = new AbortController();

  /** The configuration was found good. */
  constructor(configs: readonly JwtAuthenticatorConfig[], { environment, algorithms, signal }: JwtDependencies) {
    const stop = AbortSignal.any([signal, this.#stopping.signal]);
    this.#believed = new ExpiringCache(environment.clock, believedMax);
    this.#byIssuer = new Map(
      configs.map((config) => [
        config.issuer?.url ?? '',
        new JwtAuthenticator(config, { environment, algorithms, signal: stop }),
      ]),
    );
  }

  /** Resolves once all issuers can be asked; rejects where they are stopped before. */
  get ready(): Promise<unknown> {
    return Promise.all([...this.#byIssuer.values()].map(({ ready }) => ready));
  }

  /** Why some issuer cannot be asked yet; undefined where all can. */
  get problem(): string | undefined {
    const problems = [...this.#byIssuer.values()].flatMap(({ problem }) => problem ?? []);
    return problems.length === 0 ? undefined : problems.join(', ');
  }

  /** Undefined for a token of somebody else; throws where it is bad. */
  async authenticate(token: string): Promise<Authentication | undefined> {
    const key = createHash('sha256').update(token).digest('base64');
    const known = this.#believed.get(key);
    if (known !== undefined) return known;
    const issuer = parseToken(token)?.claims['iss'];
    if (typeof issuer !== 'string') return undefined;
    const url = issuer === googleIssuer ? `https://${googleIssuer}` : issuer;
    const answer = await this.#byIssuer.get(url)?.authenticate(token);
    if (answer !== undefined) this.#believed.set(key, answer, believedMs);
    return answer;
  }

  stop(): void {
    this.#stopping.abort(new Error('the authenticator was replaced'));
  }
}

/** Google's tokens may name it without the scheme. */
const googleIssuer = 'accounts.google.com';

class JwtAuthenticator {
  readonly ready: Promise<void>;
  readonly #config: JwtAuthenticatorConfig;
  readonly #programs: ClaimPrograms;
  readonly #issuer: Issuer;
  /** Groups that are elsewhere; undefined where no claim names them. */
  readonly #groups: DistributedClaim | undefined;

  constructor(config: JwtAuthenticatorConfig, { environment, algorithms, signal }: JwtDependencies) {
    this.#config = config;
    this.#programs = checkClaims(config, '').programs;
    const { url = '', discoveryURL, audiences = [], certificateAuthority } = config.issuer ?? {};
    const client = createIssuerClient(certificateAuthority, { clock: environment.clock, signal });
    const discovery = discoveryURL ? { discoveryUrl: discoveryURL } : {};
    this.#issuer = new Issuer({ url, ...discovery, audiences, algorithms }, client, environment);
    const groups = config.claimMappings?.groups?.claim;
    this.#groups = groups
      ? new DistributedClaim(groups, { audiences, algorithms }, { client, environment, signal })
      : undefined;
    signal.addEventListener('abort', () => client.close(), { once: true });
    this.ready = this.#issuer.discover(signal);
    // Whoever waits is told; nobody waiting is no reason to bring the process down.
    this.ready.catch(() => {});
  }

  get problem(): string | undefined {
    const { problem } = this.#issuer;
    const url = JSON.stringify(this.#config.issuer?.url);
    return problem && `oidc: authenticator for issuer ${url} is not healthy: ${problem}`;
  }

  async authenticate(token: string): Promise<Authentication> {
    if (this.#issuer.problem !== undefined) throw new Error('oidc: authenticator not initialized');
    const claims = await this.#issuer.verify(token).catch(rethrow('oidc: verify token'));
    const expanded = await this.#groups?.expand(claims).catch(rethrow('oidc: could not expand distributed claims'));
    return { user: userOfClaims(expanded ?? claims, this.#config, this.#programs) };
  }
}

const rethrow = (what: string) => (error: unknown) => {
  throw new Error(`${what}: ${textOfError(error)}`);
};
