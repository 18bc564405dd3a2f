import type { Environment } from '@coracle/apimachinery/component';
import { badRequest, textOfError } from '@coracle/apimachinery/errors';
import { parseConfig, readText } from '../configfile/index.ts';
import { attributesOf } from '../filters/authorization.ts';
import type { RequestContext } from '../filters/filter.ts';
import type { MetricRegistry } from '../metrics/registry.ts';
import { openKubeconfigClient } from '../webhooks/index.ts';
import { AuditLogFile, type AuditLogOptions } from './log-file.ts';
import { auditPolicyKind, policyEvaluator, type AuditStage } from './policy.ts';
import { type AuditedResponse, AuditRecord } from './record.ts';
import type { AuditSink } from './sink.ts';
import { AuditWebhook, type AuditWebhookOptions } from './webhook-sink.ts';

export interface AuditOptions {
  /** `--audit-policy-file`: a Policy of `audit.k8s.io/v1`. */
  readonly policyFile: string;
  readonly log?: AuditLogOptions;
  readonly webhook?: AuditWebhookOptions;
}

/** Records requests as the policy wants it. */
export interface Audit {
  /** Undefined: nothing is recorded of this request. */
  begin(context: RequestContext): AuditRecord | undefined;
  /** Hands the event of a stage to every sink. Never throws. */
  tell(record: AuditRecord, stage: AuditStage, response?: AuditedResponse): void;
  stop(): Promise<void>;
}

export interface AuditDependencies {
  readonly environment: Pick<Environment, 'clock' | 'log' | 'random'>;
  readonly metrics: MetricRegistry;
}

/** Throws a StatusError that names the file where the policy, the log or the receiver's kubeconfig will not do. */
export async function createAudit(options: AuditOptions, dependencies: AuditDependencies): Promise<Audit> {
  const { environment, metrics } = dependencies;
  const { clock, log } = environment;
  const { policyFile } = options;
  const policy = parseConfig(policyFile, await readText(policyFile), auditPolicyKind);
  const evaluate = policyEvaluator(policy);
  const counters = auditCounters(metrics);
  const sinks: AuditSink[] = [];
  if (options.log !== undefined) sinks.push(openLog(options.log, clock));
  if (options.webhook !== undefined) {
    const client = await openKubeconfigClient(options.webhook.configFile, environment);
    const onLost = (events: number) => counters.errors.add(['webhook'], events);
    sinks.push(new AuditWebhook(options.webhook, client, environment, onLost));
  }
  return {
    begin(context) {
      const audit = evaluate(attributesOf(context.info, context.user));
      counters.levels.add([audit.level]);
      return audit.level === 'None' ? undefined : new AuditRecord(context, audit, clock.now());
    },
    tell(record, stage, response) {
      const event = record.event(stage, clock.now(), response);
      if (event === undefined) return;
      counters.events.add([]);
      for (const sink of sinks) {
        try {
          sink.record(event);
        } catch (error) {
          counters.errors.add([sink.name]);
          log.error('an audit event is lost', { sink: sink.name, auditID: event.auditID, error: textOfError(error) });
        }
      }
    },
    stop: async () => {
      await Promise.all(sinks.map((sink) => sink.stop()));
    },
  };
}

function openLog(options: AuditLogOptions, clock: Environment['clock']): AuditSink {
  try {
    return new AuditLogFile(options, clock);
  } catch (error) {
    throw badRequest(`audit log ${options.path}: cannot be opened: ${textOfError(error)}`);
  }
}

/** Upstream's names (pkg/audit/metrics.go). */
function auditCounters(registry: MetricRegistry) {
  return {
    events: registry.counter({
      name: 'apiserver_audit_event_total',
      help: 'Counter of audit events generated and sent to the audit backend.',
      labels: [],
    }),
    errors: registry.counter({
      name: 'apiserver_audit_error_total',
      help: 'Counter of audit events that failed to be audited properly. Plugin identifies the plugin affected by the error.',
      labels: ['plugin'],
    }),
    levels: registry.counter({
      name: 'apiserver_audit_level_total',
      help: 'Counter of policy levels for audit events (1 per request).',
      labels: ['level'],
    }),
  };
}
