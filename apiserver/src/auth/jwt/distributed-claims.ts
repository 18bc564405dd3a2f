import { STATUS_CODES } from 'node:http';
import type { Environment } from '@coracle/apimachinery/component';
import { textOfError } from '@coracle/apimachinery/errors';
import { isObject } from '@coracle/apimachinery/json';
import { parseToken } from '../tokens/json-web-token.ts';
import { type Claims, Issuer, type IssuerOptions } from './issuer.ts';
import type { IssuerClient } from './issuer-client.ts';

export interface DistributedClaimDependencies {
  readonly client: IssuerClient;
  readonly environment: Pick<Environment, 'clock' | 'log'>;
  readonly signal: AbortSignal;
}

/**
 * A claim that a token does not hold but says where to get, as a token of its own that maybe somebody else issued: groups, where
 * they are too many (OpenID Connect Core 1.0, 5.6.2).
 */
export class DistributedClaim {
  readonly #name: string;
  readonly #options: Pick<IssuerOptions, 'audiences' | 'algorithms'>;
  readonly #dependencies: DistributedClaimDependencies;
  readonly #issuers = new Map<string, Issuer>();

  constructor(
    name: string,
    options: Pick<IssuerOptions, 'audiences' | 'algorithms'>,
    dependencies: DistributedClaimDependencies,
  ) {
    this.#name = name;
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** The claims with this one among them, where there is one. */
  async expand(claims: Claims): Promise<Claims> {
    const source = Object.hasOwn(claims, this.#name) ? undefined : this.#sourceIn(claims);
    if (source === undefined) return claims;
    return { ...claims, [this.#name]: await this.#resolve(source) };
  }

  #sourceIn(claims: Claims): Readonly<Record<string, unknown>> | undefined {
    const { _claim_names: names, _claim_sources: sources } = claims;
    if (names === undefined) return undefined;
    if (!isObject(sources)) throw new Error('oidc: no claim sources');
    const name = isObject(names) && Object.hasOwn(names, this.#name) ? String(names[this.#name]) : undefined;
    if (name === undefined) return undefined;
    const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
    if (!isObject(source)) {
      throw new Error(`id token _claim_names contained a source ${name} missing in _claims_sources`);
    }
    // Without an endpoint it may be an aggregated claim, which nobody asked for.
    return source['endpoint'] ? source : undefined;
  }

  async #resolve({ endpoint, access_token: accessToken }: Readonly<Record<string, unknown>>): Promise<unknown> {
    const name = this.#name;
    const url = String(endpoint);
    const token = await this.#fetch(url, accessToken).catch((error: unknown) => {
      throw new Error(`while getting distributed claim ${JSON.stringify(name)}: ${textOfError(error)}`);
    });
    const issuer = parseToken(token)?.claims['iss'];
    if (typeof issuer !== 'string') {
      throw new Error(
        `getting untrusted issuer from endpoint ${url} failed for claim ${JSON.stringify(name)}: malformed token`,
      );
    }
    const claims = await this.#issuerOf(issuer)
      .verify(token)
      .catch((error: unknown) => {
        throw new Error(`verify distributed claim token: ${textOfError(error)}`);
      });
    if (Object.hasOwn(claims, name)) return claims[name];
    throw new Error(`jwt returned by distributed claim endpoint ${JSON.stringify(url)} did not contain claim: ${name}`);
  }

  async #fetch(url: string, accessToken: unknown): Promise<string> {
    const headers =
      typeof accessToken === 'string' && accessToken !== '' ? { authorization: `Bearer ${accessToken}` } : {};
    const { status, text } = await this.#dependencies.client.get(url, headers);
    if (status >= 200 && status <= 226) return text.trim();
    throw new Error(`error while getting distributed claim JWT: ${status} ${STATUS_CODES[status] ?? ''}`);
  }

  /** One that was not met before is asked for its keys; until it answered its tokens are not believed. */
  #issuerOf(url: string): Issuer {
    const { client, environment, signal } = this.#dependencies;
    let issuer = this.#issuers.get(url);
    if (issuer === undefined) {
      issuer = new Issuer({ url, ...this.#options }, client, environment);
      this.#issuers.set(url, issuer);
      // Ends by the signal only.
      issuer.discover(signal).catch(() => {});
    }
    if (issuer.problem === undefined) return issuer;
    const quoted = JSON.stringify(url);
    throw new Error(`verifying untrusted issuer ${url} failed: verifier not initialized for issuer: ${quoted}`);
  }
}
