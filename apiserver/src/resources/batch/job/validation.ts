import { type FieldError, field, quote } from '@coracle/apimachinery/errors';
import { selectorOf } from '@coracle/apimachinery/selectors';
import type { Job, JobSpec } from '@coracle/apimachinery/types/batch-v1';
import { byteLength, dns1123Label, validateLabelSelector, validateNonNegative } from '@coracle/apimachinery/validation';
import { validateDomainPrefixedPath } from '../../shared/domain-path.ts';
import { parseSelector, validatePodTemplate } from '../../shared/pod-template.ts';
import { validatePodFailurePolicy } from './failure-policy.ts';
import { validateSuccessPolicy } from './success-policy.ts';

const indexedMax = 100_000;
const highCompletionsMax = 10_000;
const managedByBytesMax = 63;

/** pkg/apis/batch/validation.ValidateJobCreate, without what only holds on create. */
export function validateJob(job: Job): FieldError[] {
  const spec = job.spec as JobSpec;
  return [...validateJobSpec(spec, 'spec'), ...validateSelector(spec, 'spec'), ...validateHostNames(job, spec)];
}

function validateSelector(spec: JobSpec, path: string): FieldError[] {
  const errors =
    spec.selector === undefined
      ? [field.required(`${path}.selector`)]
      : validateLabelSelector(spec.selector, `${path}.selector`);
  const labels = spec.template.metadata?.labels;
  // No selector selects nothing.
  if (spec.selector === undefined || parseSelector(spec.selector)?.matches(labels) === false) {
    const text = '`selector` does not match template `labels`';
    errors.push(field.invalid(`${path}.template.metadata.labels`, labels, text));
  }
  return errors;
}

/** The host name of an indexed pod is the job's name and its index. */
function validateHostNames(job: Job, spec: JobSpec): FieldError[] {
  if (spec.completionMode !== 'Indexed' || (spec.completions ?? 0) <= 0) return [];
  const longest = `${job.metadata?.name}-${(spec.completions as number) - 1}`;
  if (dns1123Label(longest).length === 0) return [];
  const text = `will not able to create pod with invalid DNS label: ${longest}`;
  return [field.invalid('metadata.name', job.metadata?.name, text)];
}

/** Labels and selector that the server generates must be what it would generate. */
export function validateGeneratedSelector(job: Job): FieldError[] {
  const spec = job.spec as JobSpec;
  if (spec.manualSelector === true || spec.selector === undefined) return [];
  const { name = '', uid = '' } = job.metadata ?? {};
  const expected: Record<string, string> = {
    'controller-uid': uid,
    'job-name': name,
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
  };
  const errors: FieldError[] = uid === '' ? [field.required('metadata.uid')] : [];
  const labels = spec.template.metadata?.labels ?? {};
  for (const key of Object.keys(expected)) {
    const path = `spec.template.metadata.labels[${key}]`;
    if (labels[key] === undefined) errors.push(field.required(path, `must be '${expected[key]}'`));
    else if (labels[key] !== expected[key]) errors.push(field.invalid(path, labels, `must be '${expected[key]}'`));
  }
  if (!selectorOf(spec.selector).matches(expected)) {
    errors.push(field.invalid('spec.selector', spec.selector, '`selector` not auto-generated'));
  }
  return errors;
}

const counts = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const;

/** What a job and the template of a CronJob have in common (validation.validateJobSpec). */
export function validateJobSpec(spec: JobSpec, path: string): FieldError[] {
  const errors = counts.flatMap((name) => validateNonNegative(spec[name] ?? 0, `${path}.${name}`));
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    errors.push(field.required(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'));
  }
  errors.push(...validateManagedBy(spec.managedBy, `${path}.managedBy`));
  errors.push(...validateCompletionMode(spec, path));
  if (spec.podFailurePolicy !== undefined) {
    errors.push(...validatePodFailurePolicy(spec, spec.podFailurePolicy, `${path}.podFailurePolicy`));
  }
  if (spec.successPolicy !== undefined) {
    const at = `${path}.successPolicy`;
    if (spec.completionMode === 'Indexed') errors.push(...validateSuccessPolicy(spec, spec.successPolicy, at));
    else errors.push(field.invalid(at, spec.successPolicy, 'requires indexed completion mode'));
  }
  errors.push(...validateReplacementPolicy(spec, `${path}.podReplacementPolicy`));
  errors.push(...validatePodTemplate(spec.template, `${path}.template`));
  errors.push(...validateRestartPolicy(spec, `${path}.template.spec.restartPolicy`));
  return errors;
}

function validateManagedBy(managedBy: string | undefined, path: string): FieldError[] {
  if (managedBy === undefined) return [];
  const errors = validateDomainPrefixedPath(managedBy, path);
  if (byteLength(managedBy) > managedByBytesMax) errors.push(field.tooLong(path, managedByBytesMax));
  return errors;
}

function validateCompletionMode(spec: JobSpec, path: string): FieldError[] {
  const { completionMode, backoffLimitPerIndex, maxFailedIndexes } = spec;
  if (completionMode === 'Indexed') return validateIndexed(spec, path);
  const errors: FieldError[] = [];
  if (completionMode !== undefined && completionMode !== 'NonIndexed') {
    errors.push(field.notSupported(`${path}.completionMode`, completionMode, ['NonIndexed', 'Indexed']));
    return errors;
  }
  const needsIndexes = 'requires indexed completion mode';
  if (backoffLimitPerIndex !== undefined) {
    errors.push(field.invalid(`${path}.backoffLimitPerIndex`, backoffLimitPerIndex, needsIndexes));
  }
  if (maxFailedIndexes !== undefined) {
    errors.push(field.invalid(`${path}.maxFailedIndexes`, maxFailedIndexes, needsIndexes));
  }
  return errors;
}

function validateIndexed(spec: JobSpec, path: string): FieldError[] {
  const { completions, parallelism = 0, maxFailedIndexes, backoffLimitPerIndex } = spec;
  const failed = `${path}.maxFailedIndexes`;
  const errors: FieldError[] = [];
  if (completions === undefined) errors.push(field.required(`${path}.completions`, 'when completion mode is Indexed'));
  if (parallelism > indexedMax) {
    const text = `must be less than or equal to ${indexedMax} when completion mode is Indexed`;
    errors.push(field.invalid(`${path}.parallelism`, parallelism, text));
  }
  if (completions !== undefined && maxFailedIndexes !== undefined && maxFailedIndexes > completions) {
    errors.push(field.invalid(failed, maxFailedIndexes, 'must be less than or equal to completions'));
  }
  if (maxFailedIndexes !== undefined && maxFailedIndexes > indexedMax) {
    errors.push(field.invalid(failed, maxFailedIndexes, `must be less than or equal to ${indexedMax}`));
  }
  if (completions === undefined || completions <= indexedMax || backoffLimitPerIndex === undefined) return errors;
  const limit = `must be less than or equal to ${highCompletionsMax} when completions are above ${indexedMax} and used with backoff limit per index`;
  if (maxFailedIndexes === undefined) {
    errors.push(field.required(failed, `must be specified when completions is above ${indexedMax}`));
  }
  if (parallelism > highCompletionsMax) errors.push(field.invalid(`${path}.parallelism`, parallelism, limit));
  if (maxFailedIndexes !== undefined && maxFailedIndexes > highCompletionsMax) {
    errors.push(field.invalid(failed, maxFailedIndexes, limit));
  }
  return errors;
}

function validateReplacementPolicy(
  { podReplacementPolicy: policy, podFailurePolicy }: JobSpec,
  path: string,
): FieldError[] {
  if (policy === undefined) return [];
  const supported = podFailurePolicy === undefined ? ['Failed', 'TerminatingOrFailed'] : ['Failed'];
  return supported.includes(policy) ? [] : [field.notSupported(path, policy, supported)];
}

function validateRestartPolicy(spec: JobSpec, path: string): FieldError[] {
  const policy = spec.template.spec?.restartPolicy ?? '';
  if (policy === 'Always' || policy === '') {
    return [field.required(path, `valid values: ${quote('OnFailure')}, ${quote('Never')}`)];
  }
  if (policy !== 'OnFailure' && policy !== 'Never') return [field.notSupported(path, policy, ['OnFailure', 'Never'])];
  if (spec.podFailurePolicy === undefined || policy === 'Never') return [];
  return [field.invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified')];
}
