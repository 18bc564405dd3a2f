import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Clock } from '@coracle/apimachinery/clock';
import { textOfError } from '@coracle/apimachinery/errors';
import type { Answer } from '../../webhooks/index.ts';
import type { UnverifiedToken } from '../tokens/json-web-token.ts';
import { verifySignature } from '../tokens/signatures.ts';
import { type IssuerClient, parseAnswer } from './issuer-client.ts';

/** So long before keys run out they may be fetched again. */
const expiryDeltaMs = 30_000;

/**
 * The keys of an issuer, fetched when a token comes that none of those known signed, unless the issuer said that they hold
 * longer (coreos/go-oidc jwks.go). One request at a time, whoever waits.
 */
export class RemoteKeySet {
  readonly #url: string;
  readonly #client: IssuerClient;
  readonly #clock: Clock;
  #keys: readonly IssuerKey[] = [];
  #expiresAtMs = 0;
  #fetching: Promise<readonly IssuerKey[]> | undefined;

  constructor(url: string, client: IssuerClient, clock: Clock) {
    this.#url = url;
    this.#client = client;
    this.#clock = clock;
  }

  /** Resolves where one of the keys signed the token. */
  async verify(token: UnverifiedToken): Promise<void> {
    if (signedByOne(this.#keys, token)) return;
    if (this.#clock.now() + expiryDeltaMs <= this.#expiresAtMs) throw new Error(notSigned);
    if (!signedByOne(await this.#fetch(), token)) throw new Error(notSigned);
  }

  #fetch(): Promise<readonly IssuerKey[]> {
    this.#fetching ??= this.#fetchNow().finally(() => (this.#fetching = undefined));
    return this.#fetching;
  }

  async #fetchNow(): Promise<readonly IssuerKey[]> {
    try {
      const answer = await this.#client.get(this.#url);
      this.#keys = parseKeySet(parseAnswer(answer));
      this.#expiresAtMs = expiryOf(answer, this.#clock.now());
      return this.#keys;
    } catch (error) {
      throw new Error(`fetching keys oidc: get keys failed ${textOfError(error)}`);
    }
  }
}

/** A key of an issuer's set; `key` is undefined where it is of a kind that signs no tokens here. */
interface IssuerKey {
  readonly id: string;
  readonly key: KeyObject | undefined;
}

/** Keys of a JSON Web Key Set, RFC 7517. Throws where the document is none, or a key in it cannot be read. */
function parseKeySet(document: unknown): IssuerKey[] {
  const keys = (document as { keys?: unknown } | null)?.keys ?? [];
  if (!Array.isArray(keys)) throw new Error('json: cannot unmarshal keys into a list');
  return keys.map(parseKey);
}

function parseKey(value: unknown): IssuerKey {
  const jwk = value as Readonly<Record<string, unknown>>;
  const { kty, crv, kid } = jwk;
  const id = typeof kid === 'string' ? kid : '';
  if (kty === 'oct' || (kty === 'OKP' && crv === 'Ed25519')) return { id, key: undefined };
  if (kty !== 'RSA' && kty !== 'EC') {
    throw new Error(`go-jose/go-jose: unknown json web key type '${typeof kty === 'string' ? kty : ''}'`);
  }
  return { id, key: createPublicKey({ key: jwk, format: 'jwk' }) };
}

const notSigned = 'failed to verify id token signature';

/** A token that names a key is checked with keys of that name only. */
function signedByOne(keys: readonly IssuerKey[], token: UnverifiedToken): boolean {
  const { kid } = token.header;
  const named = typeof kid === 'string' && kid !== '' ? keys.filter(({ id }) => id === kid) : keys;
  return named.some(({ key }) => key !== undefined && verifySignature(token, key));
}

/** Until when an answer holds for a cache that many share; now, where it does not say (RFC 9111). */
export function expiryOf({ headers }: Pick<Answer, 'headers'>, nowMs: number): number {
  const directives = new Map(
    (headers['cache-control'] ?? '').split(',').map((part): [string, string] => {
      const [name = '', value = ''] = part.trim().split('=', 2);
      return [name.toLowerCase(), value.replaceAll('"', '')];
    }),
  );
  if (['no-store', 'no-cache', 'private'].some((name) => directives.has(name))) return nowMs;
  const seconds = directives.get('s-maxage') ?? directives.get('max-age');
  const endMs = seconds === undefined ? Date.parse(headers.expires ?? '') : nowMs + Number(seconds) * 1000;
  return endMs > nowMs ? endMs : nowMs;
}
