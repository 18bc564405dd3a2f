import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type {
  MatchCondition,
  MutatingWebhook,
  RuleWithOperations,
  ValidatingWebhook,
} from '@coracle/apimachinery/types/admissionregistration-v1';

export type { MatchCondition, RuleWithOperations };
export type LabelSelector = NonNullable<MutatingWebhook['namespaceSelector']>;

/** What mutating and validating hooks have in common; the first kind may be called again. */
export type Hook = ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>;

export interface HookConfiguration extends KubernetesObject {
  readonly webhooks?: readonly Hook[];
}

/** One hook with the name of its configuration, for audit. */
export interface NamedHook {
  readonly configuration: string;
  readonly hook: Hook;
}
