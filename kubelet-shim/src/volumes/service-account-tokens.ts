import type { Environment } from '@coracle/apimachinery/component';
import { ServiceAccounts } from '@coracle/apimachinery/resources';
import type { TokenRequest } from '@coracle/apimachinery/types/authentication-v1';
import type { Pod, ServiceAccountTokenProjection } from '@coracle/apimachinery/types/core-v1';
import type { Client } from '@coracle/client/rest';

/** Tokens bound to a pod, asked for once and again when four fifths of their life, or a day, are over. */
export interface ServiceAccountTokens {
  get(pod: Pod, projection: ServiceAccountTokenProjection): Promise<IssuedToken>;
  forget(uid: string): void;
}

export interface IssuedToken {
  readonly token: string;
  /** When it should be replaced, milliseconds since 1970. */
  readonly refreshAt: number;
}

const lifeMaxMs = 24 * 3600 * 1000;
const jitterMaxMs = 10_000;
const defaultSeconds = 3600;

interface Held extends IssuedToken {
  readonly expiresAt: number;
}

export function createServiceAccountTokens(client: Client, { clock, random, log }: Environment): ServiceAccountTokens {
  const held = new Map<string, Held>();

  const request = async (pod: Pod, { audience, expirationSeconds }: ServiceAccountTokenProjection): Promise<Held> => {
    const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
    const seconds = expirationSeconds ?? defaultSeconds;
    const body: TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: { name: pod.spec?.serviceAccountName ?? 'default', namespace },
      spec: {
        audiences: audience ? [audience] : [],
        expirationSeconds: seconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
      },
    };
    const answer: TokenRequest = await client.create(ServiceAccounts, body, { subresource: 'token' });
    const expiresAt = Date.parse(answer.status?.expirationTimestamp ?? '');
    const jitter = random.next() * jitterMaxMs;
    const issuedAt = expiresAt - seconds * 1000;
    const refreshAt = Math.min(issuedAt + lifeMaxMs, expiresAt - seconds * 200) - jitter;
    return { token: answer.status?.token ?? '', expiresAt, refreshAt };
  };

  return {
    async get(pod, projection) {
      const key = `${pod.metadata?.uid} ${projection.audience ?? ''} ${projection.expirationSeconds ?? ''}`;
      const present = held.get(key);
      if (present && clock.now() < present.refreshAt) return present;
      try {
        const fresh = await request(pod, projection);
        held.set(key, fresh);
        return fresh;
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        if (!present || clock.now() >= present.expiresAt) throw new Error(`failed to fetch token: ${text}`);
        log.warn('a service account token could not be renewed', { pod: pod.metadata?.name, error: text });
        return { ...present, refreshAt: clock.now() + jitterMaxMs };
      }
    },
    forget(uid) {
      for (const key of held.keys()) if (key.startsWith(`${uid} `)) held.delete(key);
    },
  };
}
