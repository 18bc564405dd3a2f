import { type FieldError, field, omitted, quote } from '@coracle/apimachinery/errors';
import type {
  JobSpec,
  PodFailurePolicy,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
} from '@coracle/apimachinery/types/batch-v1';
import { qualifiedName } from '@coracle/apimachinery/validation';

const rulesMax = 20;
const exitCodesMax = 255;
const conditionPatternsMax = 20;
const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const operators = ['In', 'NotIn'];
const conditionStatuses = ['False', 'True', 'Unknown'];

function validValues(values: readonly string[]): string {
  return `valid values: [${values.map(quote).join(' ')}]`;
}

/** `spec.podFailurePolicy` (pkg/apis/batch/validation.validatePodFailurePolicy). */
export function validatePodFailurePolicy(spec: JobSpec, policy: PodFailurePolicy, path: string): FieldError[] {
  const rules = policy.rules ?? [];
  const errors: FieldError[] = [];
  if (rules.length > rulesMax) errors.push(field.tooMany(`${path}.rules`, rules.length, rulesMax));
  const { containers = [], initContainers = [] } = spec.template.spec ?? {};
  const names = new Set([...(containers ?? []), ...(initContainers ?? [])].map(({ name }) => name));
  for (const [index, rule] of rules.entries())
    errors.push(...validateRule(spec, rule, names, `${path}.rules[${index}]`));
  return errors;
}

function validateRule(
  spec: JobSpec,
  rule: PodFailurePolicyRule,
  containers: ReadonlySet<string>,
  path: string,
): FieldError[] {
  const { action = '', onExitCodes, onPodConditions = [] } = rule;
  const errors: FieldError[] = [];
  if (action === '') errors.push(field.required(`${path}.action`, validValues(actions)));
  else if (!actions.includes(action)) errors.push(field.notSupported(`${path}.action`, action, actions));
  else if (action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    errors.push(field.invalid(`${path}.action`, action, 'requires the backoffLimitPerIndex to be set'));
  }
  if (onExitCodes !== undefined) errors.push(...validateExitCodes(onExitCodes, containers, `${path}.onExitCodes`));
  errors.push(...validatePatterns(onPodConditions, `${path}.onPodConditions`));
  if (onExitCodes !== undefined && onPodConditions.length > 0) {
    errors.push(field.invalid(path, omitted, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  } else if (onExitCodes === undefined && onPodConditions.length === 0) {
    errors.push(field.invalid(path, omitted, 'specifying one of OnExitCodes and OnPodConditions is required'));
  }
  return errors;
}

function validatePatterns(patterns: readonly PodFailurePolicyOnPodConditionsPattern[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (patterns.length > conditionPatternsMax) errors.push(field.tooMany(path, patterns.length, conditionPatternsMax));
  for (const [index, { type = '', status = '' }] of patterns.entries()) {
    const at = `${path}[${index}]`;
    for (const text of qualifiedName(type)) errors.push(field.invalid(`${at}.type`, type, text));
    if (status === '') errors.push(field.required(`${at}.status`, validValues(conditionStatuses)));
    else if (!conditionStatuses.includes(status)) {
      errors.push(field.notSupported(`${at}.status`, status, conditionStatuses));
    }
  }
  return errors;
}

function validateExitCodes(
  requirement: PodFailurePolicyOnExitCodesRequirement,
  containers: ReadonlySet<string>,
  path: string,
): FieldError[] {
  const { operator = '', containerName } = requirement;
  const values = requirement.values ?? [];
  const errors: FieldError[] = [];
  if (operator === '') errors.push(field.required(`${path}.operator`, validValues(operators)));
  else if (!operators.includes(operator)) errors.push(field.notSupported(`${path}.operator`, operator, operators));
  if (containerName !== undefined && !containers.has(containerName)) {
    const text = 'must be one of the container or initContainer names in the pod template';
    errors.push(field.invalid(`${path}.containerName`, containerName, text));
  }
  const at = `${path}.values`;
  if (values.length === 0) errors.push(field.invalid(at, values, 'at least one value is required'));
  else if (values.length > exitCodesMax) errors.push(field.tooMany(at, values.length, exitCodesMax));
  for (const [index, value] of values.entries()) {
    if (operator === 'In' && value === 0) {
      errors.push(field.invalid(`${at}[${index}]`, value, 'must not be 0 for the In operator'));
    }
    if (values.indexOf(value) < index) errors.push(field.duplicate(`${at}[${index}]`, value));
  }
  if (values.some((value, index) => index > 0 && (values[index - 1] as number) > value)) {
    errors.push(field.invalid(at, values, 'must be ordered'));
  }
  return errors;
}
