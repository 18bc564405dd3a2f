import { createHash } from 'node:crypto';
import type { Environment } from '@coracle/apimachinery/component';
import { isObject } from '@coracle/apimachinery/json';
import type { TokenReviewStatus } from '@coracle/apimachinery/types/authentication-v1';
import { ExpiringCache, openKubeconfigClient, withRetries } from '../webhooks/index.ts';
import type { Authentication, TokenAuthenticator } from './authenticator.ts';

/** `--authentication-token-webhook-…`. */
export interface TokenWebhookOptions {
  /** Kubeconfig of the program that is asked. */
  readonly configFile: string;
  /** Of the TokenReview that it is sent. */
  readonly version: 'v1' | 'v1beta1';
  /** How long an answer holds; an error never does. 0: not at all. */
  readonly cacheTtlMs: number;
}

export interface TokenWebhookDependencies {
  readonly environment: Pick<Environment, 'clock' | 'log' | 'random'>;
  /** Audiences of this server: those of a token about which the program says none. */
  readonly audiences: readonly string[];
  readonly signal: AbortSignal;
}

const answersMax = 4096;
const requestTimeoutMs = 30_000;

interface Answer {
  /** Undefined: the program does not know the token. */
  readonly authentication: Authentication | undefined;
}

/** Asks a program outside of the cluster whose a token is, such as aws-iam-authenticator. Throws for a bad kubeconfig. */
export async function openTokenWebhook(
  { configFile, version, cacheTtlMs }: TokenWebhookOptions,
  { environment, audiences: own, signal }: TokenWebhookDependencies,
): Promise<TokenAuthenticator> {
  const client = await openKubeconfigClient(configFile, environment);
  signal.addEventListener('abort', () => client.close(), { once: true });
  const answers = new ExpiringCache<Answer>(environment.clock, answersMax);
  const asked = new Map<string, Promise<Answer>>();

  const ask = async (key: string, token: string, audiences: readonly string[]): Promise<Answer> => {
    const spec = { token, ...(audiences.length === 0 ? {} : { audiences }) };
    const review = JSON.stringify({ apiVersion: `authentication.k8s.io/${version}`, kind: 'TokenReview', spec });
    const post = () => client.post(review, { timeoutMs: requestTimeoutMs, signal });
    const status = statusIn(await withRetries(post, environment, signal));
    const answer = { authentication: authenticationOf(status, audiences, own) };
    answers.set(key, answer, cacheTtlMs);
    return answer;
  };

  return {
    async authenticateToken(token, audiences) {
      const key = createHash('sha256')
        .update(JSON.stringify([token, audiences]))
        .digest('base64');
      let answer = answers.get(key);
      if (answer === undefined) {
        let asking = asked.get(key);
        if (asking === undefined) {
          asking = ask(key, token, audiences).finally(() => asked.delete(key));
          asked.set(key, asking);
        }
        answer = await asking;
      }
      return answer.authentication;
    },
  };
}

function statusIn(answer: unknown): TokenReviewStatus {
  const status = isObject(answer) ? answer['status'] : undefined;
  return isObject(status) ? (status as TokenReviewStatus) : {};
}

/** k8s.io/apiserver plugin/pkg/authenticator/token/webhook/webhook.go. */
function authenticationOf(
  { authenticated, user = {}, error, audiences: said }: TokenReviewStatus,
  wanted: readonly string[],
  own: readonly string[],
): Authentication | undefined {
  const audiences = wanted.filter((audience) => (said?.length ? said : own).includes(audience));
  if (wanted.length > 0 && audiences.length === 0) return undefined;
  if (authenticated !== true) {
    if (error) throw new Error(error);
    return undefined;
  }
  const { username = '', uid, groups, extra } = user;
  return {
    user: { username, groups: groups ?? [], extra: extra ?? {}, ...(uid ? { uid } : {}) },
    ...(wanted.length === 0 ? {} : { audiences }),
  };
}
