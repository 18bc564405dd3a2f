import { quote } from '@coracle/apimachinery/errors';
import { formatLabelSelector } from '@coracle/apimachinery/selectors';
import { humanDuration } from '@coracle/apimachinery/quantity';
import type { Job, JobSpec } from '@coracle/apimachinery/types/batch-v1';
import { podMakerWarnings, setPodTemplateDefaults, specOf } from '../../shared/pod-template.ts';
import type { Strategy, TableStrategy } from '../../shared/registry.ts';
import { ageColumn, ageOf, column, containerCells, nameColumn, wideColumn } from '../../shared/table.ts';
import { hasCondition, validateJobStatusUpdate } from './status-validation.ts';
import { validateJobUpdate } from './update-validation.ts';
import { validateGeneratedSelector, validateJob } from './validation.ts';

const table: TableStrategy<Job> = {
  columns: [
    nameColumn,
    column('Status', 'string', 'How far the job is'),
    column('Completions', 'string', 'Finished pods of those that are wanted'),
    column('Duration', 'string', 'How long the job ran, or has been running'),
    ageColumn,
    wideColumn('Containers', 'string', 'Names of the containers'),
    wideColumn('Images', 'string', 'Images of the containers'),
    wideColumn('Selector', 'string', 'Label selector of the pods'),
  ],
  row(job, now) {
    const { metadata, spec } = job;
    return [
      metadata?.name,
      statusOf(job),
      completionsOf(job),
      durationOf(job, now),
      ageOf(job, now),
      ...containerCells(spec?.template?.spec?.containers),
      formatLabelSelector(spec?.selector),
    ];
  },
};

function statusOf(job: Job): string {
  if (hasCondition(job, 'Complete')) return 'Complete';
  if (hasCondition(job, 'Failed')) return 'Failed';
  if (job.metadata?.deletionTimestamp !== undefined) return 'Terminating';
  if (hasCondition(job, 'Suspended')) return 'Suspended';
  if (hasCondition(job, 'FailureTarget')) return 'FailureTarget';
  return hasCondition(job, 'SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running';
}

function completionsOf({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationOf({ status }: Job, now: number): string {
  if (!status?.startTime) return '';
  const end = status.completionTime ? Date.parse(status.completionTime) : now;
  return humanDuration(end - Date.parse(status.startTime));
}

export const jobStrategy: Strategy<Job> = {
  resource: { group: 'batch', resource: 'jobs' },
  unselectable: (name) => `field label ${quote(name)} not supported for Job`,
  defaults: setJobDefaults,
  prepareForCreate(object) {
    delete object.status;
    if (object.spec?.manualSelector !== true) generateSelector(object);
  },
  validate(object, old) {
    return [...(old === undefined ? validateGeneratedSelector(object) : []), ...validateJob(object)];
  },
  validateUpdate: validateJobUpdate,
  warnings: (object, old) => podMakerWarnings(object, old, object.spec?.template),
  deletion: {
    defaultPropagation: 'orphan',
    undecidedWarning:
      'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
  },
  fields: (object) => ({ 'status.successful': String(object.status?.succeeded ?? 0) }),
  table,
  subresources: {
    status: { type: 'update', resetFields: [['spec']], validateUpdate: validateJobStatusUpdate },
  },
};

function setJobDefaults(job: Job): void {
  const spec = specOf(job);
  setJobSpecDefaults(spec);
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2147483647;
  const labels = spec.template.metadata?.labels;
  if (labels !== undefined && Object.keys(job.metadata?.labels ?? {}).length === 0) {
    job.metadata = { ...job.metadata, labels };
  }
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed';
  spec.manualSelector ??= false;
}

/** What the template of a CronJob is given too: the pods' defaults, not the job's. */
export function setJobSpecDefaults(spec: JobSpec): void {
  setPodTemplateDefaults(spec);
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True';
  }
}

/** Labels the pods with what only this job has, and selects them by it. */
function generateSelector(job: Job): void {
  const spec = specOf(job);
  const { name = '', uid = '' } = job.metadata ?? {};
  const metadata = (spec.template.metadata ??= {});
  // Labels that the job has from its template are those of the template to come.
  const shared = metadata.labels !== undefined && job.metadata?.labels === metadata.labels;
  const generated = {
    'job-name': name,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'batch.kubernetes.io/controller-uid': uid,
  };
  metadata.labels = { ...generated, ...metadata.labels };
  if (shared) job.metadata = { ...job.metadata, labels: { ...metadata.labels } };
  const matchLabels = { 'batch.kubernetes.io/controller-uid': uid, ...spec.selector?.matchLabels };
  spec.selector = { ...spec.selector, matchLabels };
}
