import type { Clock } from '@coracle/apimachinery/clock';
import { createReloadMetrics } from '../../configfile/index.ts';
import type { MetricRegistry } from '../../metrics/index.ts';
import type { AuthorizationDecision, Authorizer } from '../authorizer.ts';
import type { AuthorizerType } from './configuration.ts';

/** Seconds; upstream's bounds. */
const conditionBounds = [0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25];
const webhookBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export type AuthorizationMetrics = ReturnType<typeof createAuthorizationMetrics>;

/** Upstream's names (pkg/authorization/{metrics,cel}, plugin/pkg/authorizer/webhook/metrics). */
export function createAuthorizationMetrics(registry: MetricRegistry, clock: Clock) {
  const counter = (name: string, help: string, ...labels: string[]) =>
    registry.counter({ name: `apiserver_authorization_${name}`, help, labels });
  const histogram = (name: string, help: string, bounds: readonly number[], ...labels: string[]) =>
    registry.histogram({ name: `apiserver_authorization_${name}`, help, labels }, bounds);
  return {
    decisions: counter(
      'decisions_total',
      'Total number of terminal decisions made by an authorizer split by authorizer type, name, and decision.',
      'type',
      'name',
      'decision',
    ),
    webhookEvaluations: counter(
      'webhook_evaluations_total',
      'Round-trips to authorization webhooks.',
      'name',
      'result',
    ),
    webhookSeconds: histogram(
      'webhook_duration_seconds',
      'Request latency in seconds.',
      webhookBounds,
      'name',
      'result',
    ),
    webhookFailOpen: counter(
      'webhook_evaluations_fail_open_total',
      'NoOpinion results due to webhook timeout or error.',
      'name',
      'result',
    ),
    conditionErrors: counter(
      'match_condition_evaluation_errors_total',
      'Total number of errors when an authorization webhook encounters a match condition error split by authorizer type and name.',
      'type',
      'name',
    ),
    conditionExclusions: counter(
      'match_condition_exclusions_total',
      'Total number of exclusions when an authorization webhook is skipped because match conditions exclude it.',
      'type',
      'name',
    ),
    conditionSeconds: histogram(
      'match_condition_evaluation_seconds',
      'Authorization match condition evaluation time in seconds, split by authorizer type and name.',
      conditionBounds,
      'type',
      'name',
    ),
    onReload: createReloadMetrics(registry, 'authorization', clock),
  };
}

/** The authorizer with its decisions counted; an abstention is none. */
export function counted(authorizer: Authorizer, type: AuthorizerType, metrics: AuthorizationMetrics): Authorizer {
  const count = {
    allow: metrics.decisions.with([type, authorizer.name, 'allowed']),
    deny: metrics.decisions.with([type, authorizer.name, 'denied']),
  };
  const noted = (answer: AuthorizationDecision): AuthorizationDecision => {
    if (answer.decision !== 'no-opinion') count[answer.decision]();
    return answer;
  };
  return {
    name: authorizer.name,
    authorize(attributes) {
      const answer = authorizer.authorize(attributes);
      return answer instanceof Promise ? answer.then(noted) : noted(answer);
    },
    ready: async () => authorizer.ready?.(),
    ...(authorizer.rulesFor && { rulesFor: authorizer.rulesFor.bind(authorizer) }),
  };
}
