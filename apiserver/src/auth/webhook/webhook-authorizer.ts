import type { Environment } from '@coracle/apimachinery/component';
import { genericServerResponse, textOfError } from '@coracle/apimachinery/errors';
import { parseDuration } from '@coracle/apimachinery/quantity';
import type { SubjectAccessReviewSpec, SubjectAccessReviewStatus } from '@coracle/apimachinery/types/authorization-v1';
import {
  AnswerError,
  DeadlineExceeded,
  ExpiringCache,
  type KubeconfigClient,
  withRetries,
} from '../../webhooks/index.ts';
import { noOpinion } from '../authorization/authorizer-chain.ts';
import {
  authorizedTtlDefault,
  type ReviewVersion,
  unauthorizedTtlDefault,
  type WebhookConfiguration,
} from '../authorization/configuration.ts';
import type { AuthorizationMetrics } from '../authorization/metrics.ts';
import type { AuthorizationAttributes, AuthorizationDecision, Authorizer, UserRules } from '../authorizer.ts';
import { readReview, reviewBody, reviewSpecOf } from './access-review.ts';
import { MatchConditions } from './match-conditions.ts';

const answersMax = 8192;
/** Questions in which the caller's own text is longer are not kept, so that nobody fills the cache. */
const cachedTextMax = 10_000;

export interface WebhookDependencies {
  readonly client: KubeconfigClient;
  readonly environment: Pick<Environment, 'clock' | 'log' | 'random'>;
  readonly metrics: AuthorizationMetrics;
  /** Aborted when the server stops. */
  readonly signal: AbortSignal;
}

/** Somebody outside of the cluster decides (k8s.io/apiserver plugin/pkg/authorizer/webhook). At once where the answer is known. */
export class WebhookAuthorizer implements Authorizer {
  readonly name: string;
  readonly #dependencies: WebhookDependencies;
  readonly #answers: ExpiringCache<SubjectAccessReviewStatus>;
  readonly #conditions: MatchConditions;
  readonly #onError: 'deny' | 'no-opinion';
  readonly #timeoutMs: number;
  readonly #allowedMs: number;
  readonly #refusedMs: number;
  readonly #version: ReviewVersion;

  constructor(name: string, webhook: WebhookConfiguration, dependencies: WebhookDependencies) {
    this.name = name;
    this.#dependencies = dependencies;
    this.#answers = new ExpiringCache(dependencies.environment.clock, answersMax);
    this.#conditions = new MatchConditions(webhook.matchConditions ?? []);
    this.#onError = webhook.failurePolicy === 'Deny' ? 'deny' : 'no-opinion';
    this.#timeoutMs = parseDuration(webhook.timeout);
    this.#allowedMs = ttlOf(webhook.cacheAuthorizedRequests, webhook.authorizedTTL, authorizedTtlDefault);
    this.#refusedMs = ttlOf(webhook.cacheUnauthorizedRequests, webhook.unauthorizedTTL, unauthorizedTtlDefault);
    this.#version = webhook.subjectAccessReviewVersion;
  }

  authorize(attributes: AuthorizationAttributes): AuthorizationDecision | Promise<AuthorizationDecision> {
    const spec = reviewSpecOf(attributes);
    const undecided = this.#passedOver(spec);
    if (undecided !== undefined) return undecided;
    const key = JSON.stringify(spec);
    const known = this.#answers.get(key);
    if (known !== undefined) return decisionOf(known);
    return this.#ask(spec, controlledLength(attributes) < cachedTextMax ? key : undefined);
  }

  async rulesFor(): Promise<UserRules> {
    return {
      resourceRules: [],
      nonResourceRules: [],
      incomplete: true,
      evaluationError: 'webhook authorizer does not support user rule resolution',
    };
  }

  close(): void {
    this.#dependencies.client.close();
  }

  /** The decision where the conditions keep the question from the webhook. */
  #passedOver(spec: SubjectAccessReviewSpec): AuthorizationDecision | undefined {
    if (this.#conditions.empty) return undefined;
    const { environment, metrics } = this.#dependencies;
    const labels = ['Webhook', this.name];
    const begin = environment.clock.monotonic();
    const verdict = this.#conditions.verdict(spec);
    metrics.conditionSeconds.observe(labels, (environment.clock.monotonic() - begin) / 1000);
    if (verdict.type === 'yes') return undefined;
    if (verdict.type === 'no') {
      metrics.conditionExclusions.add(labels);
      return noOpinion;
    }
    metrics.conditionErrors.add(labels);
    return { decision: this.#onError, reason: '', evaluationError: verdict.message };
  }

  /** `key`: where to keep the answer. */
  async #ask(spec: SubjectAccessReviewSpec, key: string | undefined): Promise<AuthorizationDecision> {
    const { environment, metrics, signal } = this.#dependencies;
    let result = '';
    try {
      const status = await withRetries(
        async () => {
          const begin = environment.clock.monotonic();
          try {
            const answer = await this.#post(spec);
            result = 'success';
            return answer;
          } catch (error) {
            result = resultOf(error, signal);
            throw error;
          } finally {
            metrics.webhookEvaluations.add([this.name, result]);
            const seconds = (environment.clock.monotonic() - begin) / 1000;
            metrics.webhookSeconds.observe([this.name, result], seconds);
          }
        },
        environment,
        signal,
      );
      if (key !== undefined) this.#answers.set(key, status, status.allowed ? this.#allowedMs : this.#refusedMs);
      return decisionOf(status);
    } catch (error) {
      const evaluationError = messageOf(error);
      environment.log.error('an authorization webhook gives no decision', { name: this.name, error: evaluationError });
      if (this.#onError === 'no-opinion' && !signal.aborted) metrics.webhookFailOpen.add([this.name, result]);
      return { decision: this.#onError, reason: '', evaluationError };
    }
  }

  async #post(spec: SubjectAccessReviewSpec): Promise<SubjectAccessReviewStatus> {
    const { client, signal } = this.#dependencies;
    const answer = await client.post(reviewBody(spec, this.#version), { timeoutMs: this.#timeoutMs, signal });
    return readReview(answer, this.#version);
  }
}

function ttlOf(kept: boolean | undefined, ttl: string | undefined, otherwise: string): number {
  return kept === false ? 0 : parseDuration(ttl ?? otherwise) || parseDuration(otherwise);
}

function decisionOf({ allowed, denied, reason = '' }: SubjectAccessReviewStatus): AuthorizationDecision {
  if (denied && allowed) {
    const evaluationError = 'webhook subject access review returned both allow and deny response';
    return { decision: 'deny', reason, evaluationError };
  }
  if (denied) return { decision: 'deny', reason };
  if (allowed) return { decision: 'allow', reason };
  return reason === '' ? noOpinion : { decision: 'no-opinion', reason };
}

function controlledLength(attributes: AuthorizationAttributes): number {
  const { namespace, verb, apiGroup, apiVersion, resource, subresource, name, path } = attributes;
  return [namespace, verb, apiGroup, apiVersion, resource, subresource, name, path].join('').length;
}

function resultOf(error: unknown, signal: AbortSignal): 'canceled' | 'timeout' | 'error' {
  if (signal.aborted) return 'canceled';
  const late =
    error instanceof AnswerError
      ? error.status === 504
      : error instanceof Error && error.cause instanceof DeadlineExceeded;
  return late ? 'timeout' : 'error';
}

/** As client-go words an answer that is no success. */
function messageOf(error: unknown): string {
  if (!(error instanceof AnswerError)) return textOfError(error);
  return genericServerResponse({ code: error.status, verb: 'POST', serverMessage: error.text.trim() }).message;
}
