import { type FieldError, field } from '@coracle/apimachinery/errors';
import { semanticEqual } from '@coracle/apimachinery/json';
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '@coracle/apimachinery/types/admissionregistration-v1';
import { dns1035Label, dns1123Subdomain, validateLabelSelector } from '@coracle/apimachinery/validation';
import type { Strategy, TableStrategy } from '../shared/registry.ts';
import { ageColumn, ageOf, column, nameColumn } from '../shared/table.ts';
import { validateMatchConditions } from './match-conditions.ts';
import { failurePolicies, matchPolicies, setRuleDefaults, validateRules } from './rules.ts';
import { validateClientConfig } from './webhook-client.ts';

type Configuration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;
type Webhook = MutatingWebhook | ValidatingWebhook;

const reviewVersions = ['v1', 'v1beta1'];
const sideEffects = ['None', 'NoneOnDryRun', 'Some', 'Unknown'];
const noSideEffects = ['None', 'NoneOnDryRun'];

const table: TableStrategy<Configuration> = {
  columns: [nameColumn, column('Webhooks', 'integer', 'How many webhooks it lists'), ageColumn],
  row: (object, now) => [object.metadata?.name, object.webhooks?.length ?? 0, ageOf(object, now)],
};

function configurationStrategy<T extends Configuration>(resource: string, mutating: boolean): Strategy<T> {
  return {
    resource: { group: 'admissionregistration.k8s.io', resource },
    unconditionalUpdate: false,
    generation: (object, old) => !semanticEqual(object.webhooks, old.webhooks),
    defaults(object) {
      for (const webhook of object.webhooks ?? []) setDefaults(webhook, mutating);
    },
    validate: (object, old) => validateWebhooks(object.webhooks ?? [], toleratedBy(old), mutating),
    table,
  };
}

export const mutatingWebhookConfigurationStrategy = configurationStrategy<MutatingWebhookConfiguration>(
  'mutatingwebhookconfigurations',
  true,
);
export const validatingWebhookConfigurationStrategy = configurationStrategy<ValidatingWebhookConfiguration>(
  'validatingwebhookconfigurations',
  false,
);

function setDefaults(webhook: Webhook, mutating: boolean): void {
  webhook.failurePolicy ??= 'Fail';
  webhook.matchPolicy ??= 'Equivalent';
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= 10;
  if (mutating) (webhook as MutatingWebhook).reinvocationPolicy ??= 'Never';
  setRuleDefaults(webhook.rules);
  if (webhook.clientConfig?.service !== undefined) webhook.clientConfig.service.port ??= 443;
}

/** Rules that came after the object was stored do not hold for it where it already breaks them. */
interface Tolerated {
  readonly sideEffects: boolean;
  readonly reviewVersions: boolean;
  readonly sameNames: boolean;
  readonly selectorValues: boolean;
}

function toleratedBy(old: Configuration | undefined): Tolerated {
  const webhooks: readonly Webhook[] = old?.webhooks ?? [];
  const names = webhooks.map(({ name }) => name);
  return {
    sideEffects: webhooks.some((webhook) => !noSideEffects.includes(webhook.sideEffects ?? '')),
    reviewVersions: webhooks.some(({ admissionReviewVersions }) => {
      const versions = admissionReviewVersions ?? [];
      return versions.length > 0 && !versions.some((version) => reviewVersions.includes(version));
    }),
    sameNames: new Set(names).size < names.length,
    selectorValues: webhooks.some(({ namespaceSelector, objectSelector }) => {
      return validateLabelSelector(namespaceSelector, '').length + validateLabelSelector(objectSelector, '').length > 0;
    }),
  };
}

function validateWebhooks(webhooks: readonly Webhook[], tolerated: Tolerated, mutating: boolean): FieldError[] {
  const names = new Set<string>();
  return webhooks.flatMap((webhook, index) => {
    const path = `webhooks[${index}]`;
    const errors = validateWebhook(webhook, tolerated, mutating, path);
    errors.push(
      ...validateVersions(webhook.admissionReviewVersions ?? [], tolerated, `${path}.admissionReviewVersions`),
    );
    if (!tolerated.sameNames && names.has(webhook.name)) errors.push(field.duplicate(`${path}.name`, webhook.name));
    if (webhook.name) names.add(webhook.name);
    return errors;
  });
}

function validateWebhook(webhook: Webhook, tolerated: Tolerated, mutating: boolean, path: string): FieldError[] {
  const { failurePolicy, matchPolicy, sideEffects: effects, timeoutSeconds: timeout } = webhook;
  const errors = validateName(webhook.name ?? '', `${path}.name`);
  errors.push(...validateRules(webhook.rules, `${path}.rules`));
  if (failurePolicy !== undefined && !failurePolicies.includes(failurePolicy)) {
    errors.push(field.notSupported(`${path}.failurePolicy`, failurePolicy, failurePolicies));
  }
  if (matchPolicy !== undefined && !matchPolicies.includes(matchPolicy)) {
    errors.push(field.notSupported(`${path}.matchPolicy`, matchPolicy, matchPolicies));
  }
  const allowed = tolerated.sideEffects ? sideEffects : noSideEffects;
  if (effects === undefined) {
    errors.push(field.required(`${path}.sideEffects`, `must specify one of ${allowed.join(', ')}`));
  } else if (!allowed.includes(effects)) {
    errors.push(field.notSupported(`${path}.sideEffects`, effects, allowed));
  }
  if (timeout !== undefined && (timeout > 30 || timeout < 1)) {
    const text = 'the timeout value must be between 1 and 30 seconds';
    errors.push(field.invalid(`${path}.timeoutSeconds`, timeout, text));
  }
  for (const name of ['namespaceSelector', 'objectSelector'] as const) {
    const rules = { allowInvalidValues: tolerated.selectorValues };
    errors.push(...validateLabelSelector(webhook[name], `${path}.${name}`, rules));
  }
  const reinvocation = mutating ? (webhook as MutatingWebhook).reinvocationPolicy : undefined;
  if (reinvocation !== undefined && !['IfNeeded', 'Never'].includes(reinvocation)) {
    errors.push(field.notSupported(`${path}.reinvocationPolicy`, reinvocation, ['IfNeeded', 'Never']));
  }
  errors.push(...validateClientConfig(webhook.clientConfig, `${path}.clientConfig`));
  return [...errors, ...validateMatchConditions(webhook.matchConditions ?? [], `${path}.matchConditions`, false)];
}

/** A domain of at least three parts. */
function validateName(name: string, path: string): FieldError[] {
  if (name === '') return [field.required(path)];
  const problems = dns1123Subdomain(name);
  if (problems.length > 0) return [field.invalid(path, name, problems.join(','))];
  if (name.split('.').length >= 3) return [];
  return [field.invalid(path, name, 'should be a domain with at least three segments separated by dots')];
}

function validateVersions(versions: readonly string[], tolerated: Tolerated, path: string): FieldError[] {
  if (versions.length === 0) return [field.required(path, `must specify one of ${reviewVersions.join(', ')}`)];
  const errors = versions.flatMap((version, index) => {
    const at = `${path}[${index}]`;
    if (versions.indexOf(version) < index) return [field.invalid(at, version, 'duplicate version')];
    return dns1035Label(version).map((text) => field.invalid(at, version, text));
  });
  if (!tolerated.reviewVersions && !versions.some((version) => reviewVersions.includes(version))) {
    errors.push(field.invalid(path, versions, `must include at least one of ${reviewVersions.join(', ')}`));
  }
  return errors;
}
