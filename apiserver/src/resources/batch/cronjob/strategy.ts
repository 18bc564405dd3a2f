import { type FieldError, field } from '@coracle/apimachinery/errors';
import { humanAge } from '@coracle/apimachinery/quantity';
import { formatLabelSelector } from '@coracle/apimachinery/selectors';
import type { CronJob, CronJobSpec } from '@coracle/apimachinery/types/batch-v1';
import { validateNonNegative } from '@coracle/apimachinery/validation';
import { setJobSpecDefaults } from '../job/strategy.ts';
import { validateJobSpec } from '../job/validation.ts';
import { podMakerWarnings, specOf } from '../../shared/pod-template.ts';
import type { Strategy, TableStrategy } from '../../shared/registry.ts';
import { ageColumn, ageOf, column, containerCells, nameColumn, orNone, wideColumn } from '../../shared/table.ts';
import { scheduleProblem } from './schedule.ts';

/** A job's name is the CronJob's, a dash and ten digits. */
const nameLengthMax = 52;

const table: TableStrategy<CronJob> = {
  columns: [
    nameColumn,
    column('Schedule', 'string', 'When jobs are made'),
    column('Timezone', 'string', 'Time zone of the schedule'),
    column('Suspend', 'boolean', 'Whether no jobs are made'),
    column('Active', 'integer', 'Jobs that run'),
    column('Last Schedule', 'string', 'Time since the last job was made'),
    ageColumn,
    wideColumn('Containers', 'string', 'Names of the containers'),
    wideColumn('Images', 'string', 'Images of the containers'),
    wideColumn('Selector', 'string', 'Label selector of the pods'),
  ],
  row(cronJob, now) {
    const { spec, status } = cronJob;
    const job = spec?.jobTemplate?.spec;
    return [
      cronJob.metadata?.name,
      spec?.schedule,
      orNone(spec?.timeZone),
      spec?.suspend === undefined ? '<unset>' : spec.suspend ? 'True' : 'False',
      status?.active?.length ?? 0,
      status?.lastScheduleTime === undefined ? '<none>' : humanAge(status.lastScheduleTime, now),
      ageOf(cronJob, now),
      ...containerCells(job?.template?.spec?.containers),
      formatLabelSelector(job?.selector),
    ];
  },
};

export const cronJobStrategy: Strategy<CronJob> = {
  resource: { group: 'batch', resource: 'cronjobs' },
  defaults(object) {
    const spec = specOf(object);
    spec.concurrencyPolicy ||= 'Allow';
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= 3;
    spec.failedJobsHistoryLimit ??= 1;
    spec.jobTemplate ??= {};
    setJobSpecDefaults(specOf(spec.jobTemplate));
  },
  validate: (object, old) => [
    ...validateSpec(object.spec as CronJobSpec, old?.spec),
    ...validateNameLength(object, old),
  ],
  warnings: (object, old) =>
    podMakerWarnings(object, old, object.spec?.jobTemplate?.spec?.template, 'spec.jobTemplate.spec.template'),
  deletion: { defaultPropagation: 'background' },
  table,
  subresources: { status: { type: 'update', resetFields: [['spec']] } },
};

function validateNameLength({ metadata }: CronJob, old: CronJob | undefined): FieldError[] {
  if (old !== undefined || (metadata?.name ?? '').length <= nameLengthMax) return [];
  return [field.invalid('metadata.name', metadata?.name, `must be no more than ${nameLengthMax} characters`)];
}

/** pkg/apis/batch/validation.validateCronJobSpec */
function validateSpec(spec: CronJobSpec, old: CronJobSpec | undefined): FieldError[] {
  const errors = validateSchedule(spec, old);
  errors.push(...validateNonNegative(spec.startingDeadlineSeconds ?? 0, 'spec.startingDeadlineSeconds'));
  if (old === undefined || old.timeZone !== spec.timeZone) errors.push(...validateTimeZone(spec.timeZone));
  const policy = spec.concurrencyPolicy ?? '';
  const policies = ['Allow', 'Forbid', 'Replace'];
  if (policy === '') errors.push(field.required('spec.concurrencyPolicy'));
  else if (!policies.includes(policy)) errors.push(field.notSupported('spec.concurrencyPolicy', policy, policies));
  errors.push(...validateJobTemplate(spec));
  errors.push(...validateNonNegative(spec.successfulJobsHistoryLimit ?? 0, 'spec.successfulJobsHistoryLimit'));
  errors.push(...validateNonNegative(spec.failedJobsHistoryLimit ?? 0, 'spec.failedJobsHistoryLimit'));
  return errors;
}

function validateSchedule({ schedule = '', timeZone }: CronJobSpec, old: CronJobSpec | undefined): FieldError[] {
  const path = 'spec.schedule';
  if (schedule === '') return [field.required(path)];
  const errors: FieldError[] = [];
  const problem = scheduleProblem(schedule);
  if (problem !== undefined) errors.push(field.invalid(path, schedule, problem));
  if (!schedule.includes('TZ')) return errors;
  if (old?.schedule?.includes('TZ') !== true) {
    const text = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
    errors.push(field.invalid(path, schedule, text));
  } else if (timeZone !== undefined) {
    errors.push(field.invalid(path, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'));
  }
  return errors;
}

function validateTimeZone(timeZone: string | undefined): FieldError[] {
  const path = 'spec.timeZone';
  if (timeZone === undefined) return [];
  if (timeZone === '') return [field.invalid(path, timeZone, 'timeZone must be nil or non-empty string')];
  if (timeZone.toLowerCase() === 'local') {
    const text = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
    return [field.invalid(path, timeZone, text)];
  }
  const wellFormed = timeZone.split('/').every((part) => /^(?!-|\.\.?$)[A-Za-z.\-_0-9+]{1,14}$/.test(part));
  return wellFormed && isTimeZone(timeZone) ? [] : [field.invalid(path, timeZone, `unknown time zone ${timeZone}`)];
}

function isTimeZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return true;
  } catch {
    return false;
  }
}

function validateJobTemplate({ jobTemplate }: CronJobSpec): FieldError[] {
  const spec = specOf(jobTemplate as { spec?: NonNullable<typeof jobTemplate.spec> });
  const path = 'spec.jobTemplate.spec';
  const errors = validateJobSpec(spec, path);
  if (spec.selector !== undefined) {
    errors.push(field.invalid(`${path}.selector`, spec.selector, '`selector` will be auto-generated'));
  }
  if (spec.manualSelector === true) {
    errors.push(field.notSupported(`${path}.manualSelector`, true, ['nil', 'false']));
  }
  return errors;
}
