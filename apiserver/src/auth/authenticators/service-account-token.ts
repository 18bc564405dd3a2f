import type { Clock } from '@coracle/apimachinery/clock';
import { notFound } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { Nodes, Pods, Secrets, ServiceAccounts } from '@coracle/apimachinery/resources';
import type { Secret } from '@coracle/apimachinery/types/core-v1';
import type { GroupResource } from '@coracle/apimachinery/schema';
import type { Readers } from '../../registry/readers.ts';
import type { Authentication, TokenAuthenticator } from '../authenticator.ts';
import { parseToken } from '../tokens/json-web-token.ts';
import type { ServiceAccountKeys } from '../tokens/service-account-keys.ts';
import { credentialIdKey, nodeNameKey, serviceAccountUser } from './users.ts';

/** Issuer of tokens that live in Secrets. */
const legacyIssuer = 'kubernetes/serviceaccount';
/** Clocks may differ by so much; an object that is being deleted is good for as long. */
const leewayMs = 60_000;
const verifiedTokensMax = 4096;

/** What a verified token says, of the two kinds there are. */
interface Claims {
  readonly audiences: readonly string[] | undefined;
  readonly expiresAtMs: number | undefined;
  readonly notBeforeMs: number | undefined;
  readonly issuedAtMs: number | undefined;
  readonly namespace: string;
  readonly serviceAccount: Reference;
  readonly pod: Reference | undefined;
  readonly secret: Reference | undefined;
  readonly node: Reference | undefined;
  readonly tokenId: string | undefined;
}

interface Reference {
  readonly name: string;
  /** Undefined in tokens of Secrets: any object of that name. */
  readonly uid: string | undefined;
}

/**
 * Tokens of service accounts. The signature is checked once a token; that the account and what the token is bound to
 * still exist, every time (upstream pkg/serviceaccount/{jwt,claims,legacy}.go).
 */
export class ServiceAccountTokenAuthenticator implements TokenAuthenticator {
  readonly #keys: ServiceAccountKeys;
  readonly #readers: Readers;
  readonly #clock: Clock;
  /** Tokens whose signature was found good, the longest unused first. */
  readonly #verified = new Map<string, Claims>();

  constructor(keys: ServiceAccountKeys, readers: Readers, clock: Clock) {
    this.#keys = keys;
    this.#readers = readers;
    this.#clock = clock;
  }

  async authenticateToken(token: string, audiences: readonly string[]): Promise<Authentication | undefined> {
    const claims = this.#claimsOf(token);
    if (claims === undefined) return undefined;
    const { serviceAccount, namespace, audiences: own = this.#keys.audiences } = claims;
    const shared = own.filter((audience) => audiences.includes(audience));
    if (shared.length === 0) {
      throw new Error(`token audiences ${quoted(own)} is invalid for the target audiences ${quoted(audiences)}`);
    }
    this.#checkTimes(claims);
    const account = await this.#accountOf(claims);
    await this.#checkBindings(claims, token);
    const uid = serviceAccount.uid ?? account.metadata?.uid ?? '';
    return { user: serviceAccountUser(namespace, serviceAccount.name, uid, extraOf(claims)), audiences: shared };
  }

  /** Undefined for tokens of somebody else; throws where the signature is bad. */
  #claimsOf(token: string): Claims | undefined {
    const known = this.#verified.get(token);
    if (known !== undefined) {
      this.#verified.delete(token);
      this.#verified.set(token, known);
      return known;
    }
    const parsed = parseToken(token);
    const issuer = parsed?.claims['iss'];
    if (parsed === undefined || (issuer !== this.#keys.issuer && issuer !== legacyIssuer)) return undefined;
    if (!this.#keys.verifies(parsed)) {
      throw new Error('go-jose/go-jose: error in cryptographic primitive');
    }
    const claims = issuer === legacyIssuer ? legacyClaims(parsed.claims) : boundClaims(parsed.claims);
    this.#verified.set(token, claims);
    if (this.#verified.size > verifiedTokensMax) this.#verified.delete(this.#verified.keys().next().value ?? '');
    return claims;
  }

  #checkTimes({ expiresAtMs, notBeforeMs, issuedAtMs }: Claims): void {
    const now = this.#clock.now();
    if (expiresAtMs !== undefined && now - leewayMs > expiresAtMs) throw new Error('service account token has expired');
    if (notBeforeMs !== undefined && now + leewayMs < notBeforeMs)
      throw new Error('service account token is not valid yet');
    if (issuedAtMs !== undefined && now + leewayMs < issuedAtMs) {
      throw new Error('service account token is issued in the future');
    }
  }

  async #accountOf({ namespace, serviceAccount }: Claims): Promise<KubernetesObject> {
    const { name, uid } = serviceAccount;
    const account = await this.#find(ServiceAccounts, { namespace, ...serviceAccount });
    if (account === undefined) throw notFound(ServiceAccounts, name);
    const { uid: actual } = account.metadata ?? {};
    if (uid !== undefined && actual !== uid) {
      throw new Error(`service account UID (${actual}) does not match claim (${uid})`);
    }
    this.#checkDeletion(account);
    return account;
  }

  async #checkBindings({ namespace, secret, pod, node }: Claims, token: string): Promise<void> {
    if (secret !== undefined) {
      const found: Secret = await this.#existing(Secrets, 'secret', { namespace, ...secret });
      if (secret.uid === undefined) checkCopy(found, token);
    }
    if (pod !== undefined) await this.#existing(Pods, 'pod', { namespace, ...pod });
    else if (node !== undefined) await this.#existing(Nodes, 'node', node);
  }

  /** The object a token is bound to. */
  async #existing(
    resource: GroupResource,
    kind: string,
    reference: Reference & { namespace?: string },
  ): Promise<KubernetesObject> {
    const object = await this.#find(resource, reference);
    if (object === undefined) throw new Error(invalidated);
    const { uid } = reference;
    const { uid: actual } = object.metadata ?? {};
    if (uid !== undefined && actual !== uid) {
      throw new Error(`${kind} UID (${actual}) does not match service account ${kind} ref claim (${uid})`);
    }
    this.#checkDeletion(object);
    return object;
  }

  /** A cache that is behind is not trusted to say that there is none. */
  async #find(
    resource: GroupResource,
    { namespace, name, uid }: Reference & { namespace?: string },
  ): Promise<KubernetesObject | undefined> {
    const key = namespace === undefined ? { name } : { namespace, name };
    const object = await this.#readers.get(resource, key);
    if (object !== undefined && (uid === undefined || object.metadata?.uid === uid)) return object;
    return this.#readers.get(resource, key, { type: 'newest' });
  }

  #checkDeletion({ metadata }: KubernetesObject): void {
    const deletedAt = metadata?.deletionTimestamp;
    if (deletedAt !== undefined && Date.parse(deletedAt) < this.#clock.now() - leewayMs) throw new Error(invalidated);
  }
}

const invalidated = 'service account token has been invalidated';

/** The token of a Secret is revoked by changing what the Secret holds, or by marking it. */
function checkCopy({ metadata, data }: Secret, token: string): void {
  if (data?.['token'] !== Buffer.from(token).toString('base64')) throw new Error("Token does not match server's copy");
  if (metadata?.labels?.[invalidSinceLabel] !== undefined) {
    const { namespace, name } = metadata;
    throw new Error(`the token in secret ${namespace}/${name} has been marked invalid`);
  }
}

const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since';

function quoted(audiences: readonly string[]): string {
  return `[${audiences.map((audience) => JSON.stringify(audience)).join(' ')}]`;
}

function extraOf({ pod, node, tokenId }: Claims): Record<string, readonly string[]> {
  const prefix = 'authentication.kubernetes.io';
  return {
    ...(tokenId === undefined ? {} : { [credentialIdKey]: [`JTI=${tokenId}`] }),
    ...(node === undefined ? {} : { [nodeNameKey]: [node.name], [`${prefix}/node-uid`]: [node.uid ?? ''] }),
    ...(pod === undefined ? {} : { [`${prefix}/pod-name`]: [pod.name], [`${prefix}/pod-uid`]: [pod.uid ?? ''] }),
  };
}

type RawClaims = Readonly<Record<string, unknown>>;

function boundClaims(raw: RawClaims): Claims {
  const own = objectOf(raw['kubernetes.io']);
  const serviceAccount = referenceOf(own['serviceaccount']);
  if (serviceAccount === undefined || typeof own['namespace'] !== 'string') {
    throw new Error('service account token claims could not be validated');
  }
  const audience = raw['aud'];
  const audiences = (Array.isArray(audience) ? audience : [audience]).filter((item) => typeof item === 'string');
  return {
    audiences: audiences.length === 0 ? undefined : audiences,
    expiresAtMs: millisecondsOf(raw['exp']),
    notBeforeMs: millisecondsOf(raw['nbf']),
    issuedAtMs: millisecondsOf(raw['iat']),
    namespace: own['namespace'],
    serviceAccount,
    pod: referenceOf(own['pod']),
    secret: referenceOf(own['secret']),
    node: referenceOf(own['node']),
    tokenId: typeof raw['jti'] === 'string' ? raw['jti'] : undefined,
  };
}

function legacyClaims(raw: RawClaims): Claims {
  const claim = (name: string): string => {
    const value = raw[`kubernetes.io/serviceaccount/${name}`];
    if (typeof value !== 'string' || value === '') throw new Error(`service account token has no claim for ${name}`);
    return value;
  };
  return {
    audiences: undefined,
    expiresAtMs: undefined,
    notBeforeMs: undefined,
    issuedAtMs: undefined,
    namespace: claim('namespace'),
    serviceAccount: { name: claim('service-account.name'), uid: claim('service-account.uid') },
    pod: undefined,
    secret: { name: claim('secret.name'), uid: undefined },
    node: undefined,
    tokenId: undefined,
  };
}

function objectOf(value: unknown): RawClaims {
  return typeof value === 'object' && value !== null ? (value as RawClaims) : {};
}

function referenceOf(value: unknown): Reference | undefined {
  const { name, uid } = objectOf(value);
  return typeof name === 'string' ? { name, uid: typeof uid === 'string' ? uid : '' } : undefined;
}

function millisecondsOf(seconds: unknown): number | undefined {
  return typeof seconds === 'number' ? seconds * 1000 : undefined;
}
