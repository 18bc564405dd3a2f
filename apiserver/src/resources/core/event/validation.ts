import { field, type FieldError } from '@coracle/apimachinery/errors';
import type { Event } from '@coracle/apimachinery/types/core-v1';
import { byteLength, qualifiedName, validateImmutable } from '@coracle/apimachinery/validation';

/** Rules of events, stricter through events.k8s.io (pkg/apis/core/validation/events.go). `group` is that of the request. */
export function eventErrors(event: Event, group: string): FieldError[] {
  const errors = legacyErrors(event, group);
  if (group === '') return errors;
  errors.push(...seriesErrors(event));
  if (!event.eventTime) errors.push(field.required('eventTime'));
  if (event.type !== 'Normal' && event.type !== 'Warning') {
    errors.push(field.invalid('type', '', `has invalid value: ${event.type ?? ''}`));
  }
  const unset = (path: string, value: unknown) => {
    if (value) errors.push(field.invalid(path, '', 'needs to be unset'));
  };
  unset('firstTimestamp', event.firstTimestamp);
  unset('lastTimestamp', event.lastTimestamp);
  unset('count', event.count);
  unset('source', event.source?.component || event.source?.host);
  return errors;
}

export function eventUpdateErrors(event: Event, old: Event, group: string): FieldError[] {
  const errors = legacyErrors(event, group);
  if (group === '') return errors;
  if (JSON.stringify(event.series) !== JSON.stringify(old.series)) errors.push(...seriesErrors(event));
  for (const name of fixedFields)
    errors.push(...validateImmutable(event[name], old[name], fixedFieldPaths[name] ?? name));
  return errors;
}

const fixedFields = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'type',
  'eventTime',
  'action',
  'related',
  'reportingComponent',
  'reportingInstance',
] as const satisfies readonly (keyof Event)[];
const fixedFieldPaths: Readonly<Record<string, string>> = { reportingComponent: 'reportingController' };

const instanceBytesMax = 128;
const actionBytesMax = 128;
const reasonBytesMax = 128;
const noteBytesMax = 1024;

function legacyErrors(event: Event, group: string): FieldError[] {
  const errors: FieldError[] = [];
  const namespace = event.metadata?.namespace ?? '';
  const about = event.involvedObject?.namespace ?? '';
  const mismatch = () =>
    errors.push(field.invalid('involvedObject.namespace', about, 'does not match event.namespace'));
  if (!event.eventTime) {
    if (about === '' ? namespace !== '' && namespace !== 'default' : namespace !== about) mismatch();
    return errors;
  }
  if (about === '' && namespace !== 'default' && namespace !== 'kube-system') mismatch();
  const controller = group === '' ? 'reportingComponent' : 'reportingController';
  const { reportingComponent = '', reportingInstance = '', action = '', reason = '', message = '' } = event;
  if (reportingComponent === '') errors.push(field.required(controller));
  errors.push(...qualifiedName(reportingComponent).map((text) => field.invalid(controller, reportingComponent, text)));
  const bounded = (path: string, value: string, max: number, required: boolean) => {
    if (required && value === '') errors.push(field.required(path));
    if (byteLength(value) > max) errors.push(field.invalid(path, '', `can have at most ${max} characters`));
  };
  bounded('reportingInstance', reportingInstance, instanceBytesMax, true);
  bounded('action', action, actionBytesMax, true);
  bounded('reason', reason, reasonBytesMax, true);
  bounded('message', message, noteBytesMax, false);
  return errors;
}

function seriesErrors({ series }: Event): FieldError[] {
  if (!series) return [];
  const errors: FieldError[] = [];
  if ((series.count ?? 0) < 2) errors.push(field.invalid('series.count', '', 'should be at least 2'));
  if (!series.lastObservedTime) errors.push(field.required('series.lastObservedTime'));
  return errors;
}
