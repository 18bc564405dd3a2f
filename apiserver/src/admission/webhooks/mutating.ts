import { internalError, quote, textOfError } from '@coracle/apimachinery/errors';
import { deepEqual } from '@coracle/apimachinery/json';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { applyJsonPatch } from '@coracle/apimachinery/patch';
import { MutatingWebhookConfigurations } from '@coracle/apimachinery/resources';
import { parseGroupVersion } from '@coracle/apimachinery/schema';
import type { AdmissionContext } from '../../options.ts';
import type { WebhookClient } from '../../webhooks/index.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { deniedBy, type DueHook, HookDispatch, isExempt } from './dispatch.ts';
import { HookIndex } from './hook-index.ts';
import { isOwnKind } from './review.ts';

/** Hooks that may change the object: one after the other; who wants it sees the object again that a later one changed. */
export function mutatingWebhooks(context: AdmissionContext, client: WebhookClient): AdmissionPlugin {
  const index = new HookIndex(context, MutatingWebhookConfigurations);
  const dispatch = new HookDispatch(context, client);
  const { clock } = context.environment;
  const timed = async (attributes: AdmissionAttributes, call: Promise<void>): Promise<void> => {
    const begin = clock.monotonic();
    await call.finally(() => attributes.waited(clock.monotonic() - begin));
  };
  return {
    name: 'MutatingAdmissionWebhook',
    operations: ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'],
    handles: (attributes) => index.hooks.length > 0 && !isExempt(attributes),
    async admit(attributes) {
      const again = new Set<string>();
      const called: { due: DueHook; position: number; after: KubernetesObject | undefined }[] = [];
      for (const [position, named] of index.hooks.entries()) {
        const due = await dispatch.due(named, attributes);
        if (due === undefined) continue;
        await timed(attributes, mutate(dispatch, due, attributes, 0, position));
        called.push({ due, position, after: attributes.object });
        if (due.hook.reinvocationPolicy === 'IfNeeded') again.add(due.hook.name);
      }
      for (const { due, position, after } of called) {
        if (!again.has(due.hook.name) || deepEqual(after, attributes.object)) continue;
        await timed(attributes, mutate(dispatch, due, attributes, 1, position));
      }
    },
  };
}

async function mutate(
  dispatch: HookDispatch,
  due: DueHook,
  attributes: AdmissionAttributes,
  round: number,
  position: number,
): Promise<void> {
  const { hook, configuration, invocation } = due;
  const answer = await dispatch.ask(due, attributes);
  if (answer === undefined) return;
  if (!answer.allowed) throw deniedBy(hook.name, answer.status);
  const mutated = answer.patch !== undefined && attributes.object !== undefined;
  const record = JSON.stringify({ configuration, webhook: hook.name, mutated });
  attributes.annotate(`mutation.webhook.admission.k8s.io/round_${round}_index_${position}`, record);
  if (!mutated) return;
  try {
    attributes.object = patched(attributes, attributes.object as KubernetesObject, invocation.version, answer.patch);
  } catch (error) {
    throw internalError(`failed calling webhook ${quote(hook.name)}: cannot apply its patch: ${textOfError(error)}`);
  }
}

/** The patch is for the object as the hook saw it; the result goes back to the version that is stored. */
function patched(
  attributes: AdmissionAttributes,
  object: KubernetesObject,
  version: string,
  patch: unknown,
): KubernetesObject {
  if (!isOwnKind(attributes)) return applyJsonPatch(object, patch);
  const stored = parseGroupVersion(object.apiVersion ?? '').version;
  const changed = applyJsonPatch(attributes.toVersion(object, version), patch);
  const back = stored === version ? changed : attributes.toVersion(changed, stored);
  return { ...back, ...(object.apiVersion === undefined ? {} : { apiVersion: object.apiVersion }) };
}
