import { ValidatingWebhookConfigurations } from '@coracle/apimachinery/resources';
import type { AdmissionContext } from '../../options.ts';
import type { WebhookClient } from '../../webhooks/index.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { deniedBy, HookDispatch, isExempt } from './dispatch.ts';
import { HookIndex } from './hook-index.ts';
import type { NamedHook } from './types.ts';

/** Hooks that only judge: all at once; of several refusals the first in order is told. */
export function validatingWebhooks(context: AdmissionContext, client: WebhookClient): AdmissionPlugin {
  const index = new HookIndex(context, ValidatingWebhookConfigurations);
  const dispatch = new HookDispatch(context, client);
  const { clock } = context.environment;

  const judge = async (named: NamedHook, attributes: AdmissionAttributes): Promise<void> => {
    const due = await dispatch.due(named, attributes);
    const answer = due && (await dispatch.ask(due, attributes));
    if (answer?.allowed === false) throw deniedBy(named.hook.name, answer.status);
  };

  return {
    name: 'ValidatingAdmissionWebhook',
    operations: ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'],
    handles: (attributes) => index.hooks.length > 0 && !isExempt(attributes),
    async validate(attributes) {
      const begin = clock.monotonic();
      const verdicts = await Promise.allSettled(index.hooks.map((named) => judge(named, attributes)));
      attributes.waited(clock.monotonic() - begin);
      for (const verdict of verdicts) if (verdict.status === 'rejected') throw verdict.reason;
    },
  };
}
