import { type FieldError, field, omitted } from '@coracle/apimachinery/errors';
import { semanticEqual } from '@coracle/apimachinery/json';
import type { Job, JobStatus } from '@coracle/apimachinery/types/batch-v1';
import { validateCounters } from '../../shared/counters.ts';
import { commonIndex, type IndexInterval, parseIndexes } from './indexes.ts';

export function hasCondition(job: Job, type: string, status = 'True'): boolean {
  return job.status?.conditions?.some((condition) => condition.type === type && condition.status === status) ?? false;
}

function isFinished(job: Job): boolean {
  return hasCondition(job, 'Complete') || hasCondition(job, 'Failed');
}

/** Whether a rule applies: only where the update touches what it is about, so that old objects stay writable. */
type Changed = (
  ...names: readonly (keyof JobStatus | 'Complete' | 'Failed' | 'FailureTarget' | 'SuccessCriteriaMet' | 'finished')[]
) => boolean;

function changes(job: Job, old: Job): Changed {
  return (...names) =>
    names.some((name) => {
      if (name === 'finished') return isFinished(job) !== isFinished(old);
      if (/^[A-Z]/.test(name)) return hasCondition(job, name) !== hasCondition(old, name);
      return !semanticEqual(job.status?.[name as keyof JobStatus], old.status?.[name as keyof JobStatus]);
    });
}

/** pkg/apis/batch/validation.ValidateJobStatusUpdate with the options of pkg/registry/batch/job */
export function validateJobStatusUpdate(job: Job, old: Job): FieldError[] {
  const changed = changes(job, old);
  return [
    ...validateCounters(job.status, ['active', 'succeeded', 'failed', 'ready', 'terminating'], 'status'),
    ...validateUncounted(job.status?.uncountedTerminatedPods),
    ...validateConditions(job, changed),
    ...validateTimes(job, changed),
    ...validatePods(job, changed),
    ...validateIndexes(job, changed),
    ...validateTransition(job, old, changed),
  ];
}

function validateUncounted(uncounted: JobStatus['uncountedTerminatedPods']): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const name of ['succeeded', 'failed'] as const) {
    for (const [index, uid] of (uncounted?.[name] ?? []).entries()) {
      const path = `status.uncountedTerminatedPods.${name}[${index}]`;
      if (uid === '') errors.push(field.invalid(path, uid, 'must not be empty'));
      else if (seen.has(uid)) errors.push(field.duplicate(path, uid));
      seen.add(uid);
    }
  }
  return errors;
}

function conditionError(text: string): FieldError {
  return field.invalid('status.conditions', omitted, text);
}

function validateConditions(job: Job, changed: Changed): FieldError[] {
  const errors: FieldError[] = [];
  const complete = hasCondition(job, 'Complete');
  const failed = hasCondition(job, 'Failed');
  const failureTarget = hasCondition(job, 'FailureTarget');
  const criteriaMet = hasCondition(job, 'SuccessCriteriaMet');
  if (complete && failed && changed('Complete', 'Failed')) {
    errors.push(conditionError('cannot set Complete=True and Failed=true conditions'));
  }
  if (complete && failureTarget && changed('Complete', 'FailureTarget')) {
    errors.push(conditionError('cannot set Complete=True and FailureTarget=true conditions'));
  }
  if (failed && !failureTarget && changed('Failed', 'failedIndexes')) {
    errors.push(conditionError('cannot set Failed=True condition without the FailureTarget=true condition'));
  }
  if (complete && !criteriaMet && changed('Complete', 'SuccessCriteriaMet')) {
    errors.push(conditionError('cannot set Complete=True condition without the SuccessCriteriaMet=true condition'));
  }
  if (criteriaMet && failed)
    errors.push(conditionError('cannot set SuccessCriteriaMet=True and Failed=true conditions'));
  if (criteriaMet && failureTarget) {
    errors.push(conditionError('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions'));
  }
  if (job.spec?.successPolicy !== undefined && !criteriaMet && complete) {
    errors.push(conditionError('cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True'));
  }
  return errors;
}

function validateTimes(job: Job, changed: Changed): FieldError[] {
  const errors: FieldError[] = [];
  const { startTime, completionTime } = job.status ?? {};
  const complete = hasCondition(job, 'Complete');
  if (completionTime !== undefined && !complete && changed('Complete', 'completionTime')) {
    const text = 'cannot set completionTime when there is no Complete=True condition';
    errors.push(field.invalid('status.completionTime', completionTime, text));
  }
  if (completionTime === undefined && complete && changed('Complete', 'completionTime')) {
    errors.push(field.required('status.completionTime', 'completionTime is required for Complete jobs'));
  }
  if (startTime !== undefined && completionTime !== undefined && changed('startTime', 'completionTime')) {
    if (Date.parse(completionTime) < Date.parse(startTime)) {
      errors.push(field.invalid('status.completionTime', completionTime, 'must be equal to or after `startTime`'));
    }
  }
  const nothingToDo = job.spec?.suspend === true && job.spec.completions === 0;
  if (startTime === undefined && isFinished(job) && changed('finished', 'startTime') && !nothingToDo) {
    errors.push(field.required('status.startTime', 'startTime is required for finished job'));
  }
  return errors;
}

function validatePods(job: Job, changed: Changed): FieldError[] {
  const errors: FieldError[] = [];
  const { active = 0, ready = 0, terminating = 0, uncountedTerminatedPods: uncounted } = job.status ?? {};
  const finished = isFinished(job);
  if (active > 0 && finished && changed('finished', 'active')) {
    errors.push(field.invalid('status.active', active, 'active>0 is invalid for finished job'));
  }
  const left = (uncounted?.failed?.length ?? 0) + (uncounted?.succeeded?.length ?? 0);
  if (left > 0 && finished && changed('finished', 'uncountedTerminatedPods')) {
    errors.push(field.invalid('status.uncountedTerminatedPods', uncounted, 'must be empty for finished job'));
  }
  if (terminating > 0 && finished && changed('finished', 'terminating')) {
    errors.push(field.invalid('status.terminating', terminating, 'terminating>0 is invalid for finished job'));
  }
  if (ready > active && changed('ready', 'active')) {
    errors.push(field.invalid('status.ready', ready, 'cannot set more ready pods than active'));
  }
  return errors;
}

function readIndexes(text: string, completions: number, path: string, errors: FieldError[]): readonly IndexInterval[] {
  try {
    return parseIndexes(text, completions);
  } catch (error) {
    errors.push(
      field.invalid(path, text, `error parsing ${path.slice('status.'.length)}: ${(error as Error).message}`),
    );
    return [];
  }
}

function validateIndexes(job: Job, changed: Changed): FieldError[] {
  const errors: FieldError[] = [];
  const { completedIndexes = '', failedIndexes } = job.status ?? {};
  const { completions, completionMode, backoffLimitPerIndex } = job.spec ?? {};
  if (!changed('completedIndexes', 'failedIndexes')) return errors;
  const read = (text: string, path: string) =>
    completions === undefined ? [] : readIndexes(text, completions, path, errors);
  const completed = read(completedIndexes, 'status.completedIndexes');
  const failed =
    failedIndexes === undefined || backoffLimitPerIndex === undefined
      ? []
      : read(failedIndexes, 'status.failedIndexes');
  if (completedIndexes !== '' && completionMode !== 'Indexed') {
    const text = 'cannot set non-empty completedIndexes when non-indexed completion mode';
    errors.push(field.invalid('status.completedIndexes', completedIndexes, text));
  }
  if (failedIndexes !== undefined && backoffLimitPerIndex === undefined) {
    const text = 'cannot set non-null failedIndexes when backoffLimitPerIndex is null';
    errors.push(field.invalid('status.failedIndexes', failedIndexes, text));
  }
  const common = commonIndex(completed, failed);
  if (common !== undefined) {
    const text = `failedIndexes and completedIndexes overlap at index: ${common}`;
    errors.push(field.invalid('status.failedIndexes', failedIndexes, text));
  }
  return errors;
}

function validateTransition(job: Job, old: Job, changed: Changed): FieldError[] {
  const errors: FieldError[] = [];
  for (const type of ['Failed', 'Complete', 'FailureTarget']) {
    if (hasCondition(old, type) && !hasCondition(job, type)) {
      errors.push(conditionError(`cannot disable the terminal ${type}=True condition`));
    }
  }
  const { failed = 0, succeeded = 0, startTime, completionTime } = job.status ?? {};
  const elastic = job.spec?.completionMode === 'Indexed' && job.spec.completions === job.spec.parallelism;
  if (failed < (old.status?.failed ?? 0)) {
    errors.push(field.invalid('status.failed', failed, 'cannot decrease the failed counter'));
  }
  if (!elastic && succeeded < (old.status?.succeeded ?? 0)) {
    errors.push(field.invalid('status.succeeded', succeeded, 'cannot decrease the succeeded counter'));
  }
  const completedBefore = old.status?.completionTime;
  if (completionTime !== undefined && completedBefore !== undefined && completionTime !== completedBefore) {
    errors.push(field.invalid('status.completionTime', completionTime, 'field is immutable'));
  }
  const resuming = hasCondition(old, 'Suspended') && hasCondition(job, 'Suspended', 'False');
  if (old.status?.startTime !== undefined && changed('startTime') && !resuming && job.spec?.suspend !== true) {
    errors.push(field.invalid('status.startTime', startTime, 'field is immutable for unsuspended job once set'));
  }
  const met = hasCondition(job, 'SuccessCriteriaMet');
  const metBefore = hasCondition(old, 'SuccessCriteriaMet');
  if (metBefore && !met) errors.push(conditionError('cannot disable the SuccessCriteriaMet=True condition'));
  if (hasCondition(old, 'Complete') && !metBefore && met) {
    const text = 'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions';
    errors.push(conditionError(text));
  }
  return errors;
}
