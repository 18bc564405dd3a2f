import type { Environment } from '@coracle/apimachinery/component';
import { textOfError } from '@coracle/apimachinery/errors';
import { isObject } from '@coracle/apimachinery/json';
import { parseToken, type UnverifiedToken } from '../tokens/json-web-token.ts';
import { type IssuerClient, parseAnswer } from './issuer-client.ts';
import { RemoteKeySet } from './key-set.ts';

const wellKnownPath = '/.well-known/openid-configuration';
/** How long after a failed discovery it is tried again. */
const discoveryPauseMs = 10_000;
/** A token may come into force so much later: clocks differ. */
const notBeforeLeewayMs = 60_000;

export interface IssuerOptions {
  readonly url: string;
  /** Instead of the place below the URL. */
  readonly discoveryUrl?: string;
  readonly audiences: readonly string[];
  /** `alg` of the tokens that it may sign. */
  readonly algorithms: readonly string[];
}

export type Claims = Readonly<Record<string, unknown>>;

/** An issuer of OpenID Connect: tells whether a token is its, by the keys that it publishes (coreos/go-oidc oidc.go, verify.go). */
export class Issuer {
  readonly #options: IssuerOptions;
  readonly #client: IssuerClient;
  readonly #environment: Pick<Environment, 'clock' | 'log'>;
  #keys: RemoteKeySet | undefined;
  /** Why it cannot be asked yet; undefined once it can. */
  #problem: string | undefined;

  constructor(options: IssuerOptions, client: IssuerClient, environment: Pick<Environment, 'clock' | 'log'>) {
    this.#options = options;
    this.#client = client;
    this.#environment = environment;
    this.#problem = `oidc: authenticator for issuer ${JSON.stringify(options.url)} is not initialized`;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  /** Tries discovery until it succeeds, as the issuer may well run in this cluster. Rejects with the signal only. */
  async discover(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#environment;
    for (;;) {
      try {
        this.#keys = new RemoteKeySet(await this.#keysUrl(), this.#client, clock);
        this.#problem = undefined;
        return;
      } catch (error) {
        signal.throwIfAborted();
        this.#problem = textOfError(error);
        log.error('an issuer of tokens cannot be asked', { issuer: this.#options.url, error: this.#problem });
      }
      await clock.sleep(discoveryPauseMs, signal);
    }
  }

  /** The claims of a token that is believed. */
  async verify(token: string): Promise<Claims> {
    const parsed = parseToken(token);
    if (this.#keys === undefined || parsed === undefined) throw new Error('oidc: malformed jwt');
    await this.#verify(parsed, this.#keys);
    return parsed.claims;
  }

  async #verify(token: UnverifiedToken, keys: RemoteKeySet): Promise<void> {
    const { algorithms } = this.#options;
    const { header, claims } = token;
    const algorithm = typeof header.alg === 'string' ? header.alg : '';
    if (!algorithms.includes(algorithm)) {
      const wanted = quoted(algorithms);
      throw new Error(
        `oidc: id token signed with unsupported algorithm, expected ${wanted} got ${JSON.stringify(algorithm)}`,
      );
    }
    // Extensions that have to be understood (RFC 7515, 4.1.11): there are none that are.
    if ('crit' in header) throw new Error('failed to verify signature: failed to verify id token signature');
    await keys.verify(token).catch((error: unknown) => {
      throw new Error(`failed to verify signature: ${textOfError(error)}`);
    });
    checkSources(claims);
    this.#checkAudience(claims['aud']);
    this.#checkTimes(claims);
  }

  #checkAudience(claim: unknown): void {
    const { audiences } = this.#options;
    const given = Array.isArray(claim) ? claim : [claim ?? []].flat();
    if (!given.every((audience) => typeof audience === 'string')) {
      throw new Error('oidc: failed to unmarshal claims: json: cannot unmarshal aud into a list of strings');
    }
    if (audiences.some((audience) => given.includes(audience))) return;
    const wanted = audiences.length === 1 ? JSON.stringify(audiences[0]) : `in ${quoted(audiences.toSorted())}`;
    throw new Error(`oidc: expected audience ${wanted} got ${quoted(given)}`);
  }

  #checkTimes(claims: Claims): void {
    const now = this.#environment.clock.now();
    const expiry = millisecondsOf(claims, 'exp') ?? zeroTimeMs;
    if (expiry < now) throw new Error(`oidc: token is expired (Token Expiry: ${goTime(expiry)})`);
    const notBefore = millisecondsOf(claims, 'nbf');
    if (notBefore === undefined || now + notBeforeLeewayMs >= notBefore) return;
    throw new Error(`oidc: current time ${goTime(now)} before the nbf (not before) time: ${goTime(notBefore)}`);
  }

  async #keysUrl(): Promise<string> {
    const { url, discoveryUrl = `${url.replace(/\/$/, '')}${wellKnownPath}` } = this.#options;
    const document = parseAnswer(await this.#client.get(discoveryUrl)) as Readonly<Record<string, unknown>>;
    const { issuer = '', jwks_uri: keysUrl } = document;
    if (issuer !== url) {
      const [wanted, got] = [url, issuer].map((text) => JSON.stringify(text));
      throw new Error(`oidc: issuer did not match the issuer returned by provider, expected ${wanted} got ${got}`);
    }
    if (typeof keysUrl !== 'string' || keysUrl === '') throw new Error('provider did not return JWKS URL');
    return keysUrl;
  }
}

/** Claims that are elsewhere have to be somewhere. */
function checkSources({ _claim_names: names, _claim_sources: sources }: Claims): void {
  if (names === undefined || names === null) return;
  if (!isObject(names)) throw new Error('oidc: failed to unmarshal claims: json: cannot unmarshal _claim_names');
  for (const source of Object.values(names)) {
    if (typeof source !== 'string' || source === '') throw new Error('oidc: failed to obtain source from claim name');
    if (!isObject(sources) || !Object.hasOwn(sources, source)) throw new Error('oidc: source does not exist');
  }
}

/** Go's time before all others, that of a token without an end. */
const zeroTimeMs = Date.parse('0001-01-01T00:00:00Z');

function quoted(texts: readonly unknown[]): string {
  return `[${texts.map((text) => JSON.stringify(text)).join(' ')}]`;
}

/** A NumericDate: seconds, maybe as text. */
function millisecondsOf(claims: Claims, name: string): number | undefined {
  const value = claims[name];
  if (value === undefined || value === null) return undefined;
  const seconds = typeof value === 'number' || (typeof value === 'string' && value.trim() !== '') ? Number(value) : NaN;
  if (!Number.isFinite(seconds)) {
    throw new Error(`oidc: failed to unmarshal claims: json: cannot unmarshal ${name} into a number of seconds`);
  }
  return Math.trunc(seconds) * 1000;
}

function goTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`;
}
