import {
  badRequest,
  forbidden,
  internalError,
  quote,
  type Status,
  StatusError,
  textOfError,
} from '@coracle/apimachinery/errors';
import type { AdmissionContext } from '../../options.ts';
import type { WebhookClient } from '../../webhooks/index.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { AskedAuthorizer, whenDecided } from '../cel/asked-authorizer.ts';
import { evaluateConditions } from '../cel/match-conditions.ts';
import { requestVariables } from '../cel/request-variables.ts';
import { type Invocation, matchNamespace, matchObjects, matchRules } from './match.ts';
import { type HookAnswer, makeReview, readAnswer } from './review.ts';
import type { Hook, NamedHook } from './types.ts';

const timeoutSecondsDefault = 10;
const registrationGroup = 'admissionregistration.k8s.io';

/** A hook that must be asked, and in which version. */
export interface DueHook extends NamedHook {
  readonly invocation: Invocation;
}

/** Hooks never judge the configurations that they stand in: nobody could take a bad one away. */
export function isExempt({ resource }: AdmissionAttributes): boolean {
  return resource.group === registrationGroup;
}

/** Asks hooks. A hook that cannot be asked is the failure policy's business. */
export class HookDispatch {
  readonly #context: AdmissionContext;
  readonly #client: WebhookClient;

  constructor(context: AdmissionContext, client: WebhookClient) {
    this.#context = context;
    this.#client = client;
  }

  async due({ configuration, hook }: NamedHook, attributes: AdmissionAttributes): Promise<DueHook | undefined> {
    const invocation = matchRules(hook.rules ?? [], hook.matchPolicy, attributes);
    if (invocation === undefined || !matchObjects(hook.objectSelector, attributes)) return undefined;
    if (!(await matchNamespace(this.#context.readers, hook.namespaceSelector, attributes))) return undefined;
    if (!(await this.#matchConditions(hook, attributes, invocation))) return undefined;
    return { configuration, hook, invocation };
  }

  /** Throws where a condition has no answer and the failure policy does not pass over it. */
  async #matchConditions(
    { name, matchConditions, failurePolicy }: Hook,
    attributes: AdmissionAttributes,
    { version }: Invocation,
  ): Promise<boolean> {
    if (!matchConditions?.length) return true;
    const variables = requestVariables(attributes, version, new AskedAuthorizer(this.#context.authorizer));
    const verdict = await whenDecided(() => evaluateConditions(matchConditions, variables));
    if (verdict.type !== 'error') return verdict.type === 'yes';
    if (failurePolicy === 'Ignore') return false;
    throw forbidden(
      attributes.resource,
      attributes.name,
      `failed to evaluate match conditions of webhook ${quote(name)}: ${verdict.message}`,
    );
  }

  /** Undefined where the hook could not be asked and may be passed over. Throws where it may not. */
  async ask({ hook, invocation }: DueHook, attributes: AdmissionAttributes): Promise<HookAnswer | undefined> {
    const { name, sideEffects, clientConfig, timeoutSeconds = timeoutSecondsDefault } = hook;
    if (attributes.dryRun && sideEffects !== 'None' && sideEffects !== 'NoneOnDryRun') {
      throw badRequest(`admission webhook ${quote(name)} does not support dry run`);
    }
    try {
      const { uid, apiVersion, body } = makeReview(attributes, invocation, hook, this.#context.environment.random);
      const answer = await this.#client
        .call({ config: clientConfig, body, timeoutSeconds, signal: attributes.signal })
        .catch((error: unknown) => {
          throw new Error(`failed to call webhook: ${textOfError(error)}`);
        });
      const read = readAnswer(answer, uid, apiVersion);
      for (const text of read.warnings) attributes.warn(text);
      for (const [key, value] of Object.entries(read.auditAnnotations)) attributes.annotate(`${name}/${key}`, value);
      return read;
    } catch (error) {
      const message = `failed calling webhook ${quote(name)}: ${textOfError(error)}`;
      if (hook.failurePolicy !== 'Ignore') throw internalError(message);
      this.#context.environment.log.warn('a webhook could not be asked, and is passed over', {
        webhook: name,
        error: message,
      });
      return undefined;
    }
  }
}

/** A hook's refusal as the client sees it (apiserver pkg/admission/plugin/webhook/errors). */
export function deniedBy(name: string, status: HookAnswer['status']): StatusError {
  const denied = `admission webhook ${quote(name)} denied the request`;
  const { code = 0, message, reason, details } = (status ?? {}) as Partial<Status>;
  const text = message || reason;
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: text ? `${denied}: ${text}` : `${denied} without explanation`,
    ...(reason ? { reason } : {}),
    ...(details ? { details } : {}),
    code: Math.max(code, 400),
  });
}
